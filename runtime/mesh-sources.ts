import { globBase } from "./config/watch-spec.ts";
import type { Clock } from "./core/clock.ts";
import type { Problem } from "./core/problem.ts";
import type { EventHub } from "./control/event-hub.ts";
import type { MeshLoop } from "./control/mesh-loop.ts";
import { describe } from "./host/session-folder.ts";
import type { SourceWatcher } from "./host/watch-sources.ts";
import type { WatchRule, Workload } from "./model/mesh.ts";
import { createLoopWatch, mostSoon, type LoopWatch } from "./workload/restart-loop.ts";

export interface SourcesOptions {
  readonly clock: Clock;
  readonly isOn: boolean;
  readonly hub: Pick<EventHub, "tell">;
  readonly loop: () => Pick<MeshLoop, "setProblems">;
  /** Restarts the programs of a service that shall run. */
  readonly renew: (service: string) => void;
  /** When a service's program was started last, monotonic milliseconds. */
  readonly startedAt: (service: string) => number | undefined;
}

export interface Sources {
  /** The workloads that shall run. */
  readonly follow: (workloads: readonly Workload[]) => void;
  /** A restart that somebody asks for also watches again what was given up for the service. */
  readonly forgiving: (restart: (service: string) => boolean) => (service: string) => boolean;
  readonly close: () => Promise<void>;
}

/** Restarts services when the files that `watch` names change. */
export function followSources(options: SourcesOptions): Sources {
  const { clock, hub } = options;
  const loops = new Map<string, LoopWatch>();
  let workloads: readonly Workload[] = [];
  let watcher: Promise<SourceWatcher> | undefined;
  let fault: Problem | undefined;

  function onChange(service: string, paths: readonly string[]): void {
    const guard = loops.get(service) ?? createLoopWatch();
    loops.set(service, guard);
    const counts = guard.judge({ paths, at: clock.monotonic(), startedAt: options.startedAt(service) });
    report();
    if (!counts) return;
    const [first = "", ...rest] = paths.filter((path) => !guard.paused().includes(path));
    const line = `meshdev: ${first}${rest.length === 0 ? "" : ` and ${rest.length} more`} changed, starting again`;
    for (const { id } of workloads.filter((workload) => workload.service === service))
      hub.tell({ type: "workload.logged", workload: id, stream: "stderr", line });
    options.renew(service);
  }

  function report(): void {
    const problems = [...loops].flatMap(([service, guard]) => guard.paused().map((path) => selfMade(service, path)));
    options.loop().setProblems("sources", fault === undefined ? problems : [...problems, fault]);
  }

  function selfMade(service: string, path: string): Problem {
    const at = workloads.find((workload) => workload.service === service)?.at;
    return {
      code: "MD4007",
      severity: "warning",
      message: `${path} changes whenever ${service} runs, which restarted it ${mostSoon} times; it is not watched any more`,
      hint: `add "!${path}" to watch of ${service}, or watch it again with \`meshdev restart ${service}\``,
      ...(at === undefined ? {} : { at }),
    };
  }

  // Loaded late: most projects watch no sources.
  async function open(): Promise<SourceWatcher> {
    const { watchSources } = await import("./host/watch-sources.ts");
    return watchSources({
      clock,
      baseOf: globBase,
      onChange,
      onError: (error) => {
        const message = `source files cannot be watched: ${describe(error)}`;
        fault = { code: "MD6009", severity: "warning", message };
        report();
      },
    });
  }

  return {
    follow: (next) => {
      workloads = next;
      if (!options.isOn) return;
      const rules = new Map<string, WatchRule>();
      for (const { service, program } of next) if (program?.watch !== undefined) rules.set(service, program.watch);
      if (rules.size === 0 && watcher === undefined) return;
      for (const service of loops.keys()) if (!rules.has(service)) loops.delete(service);
      watcher ??= open();
      void watcher.then((running) => running.setRules(rules));
    },
    forgiving: (restart) => (service) => {
      const keys = workloads.filter(({ id }) => id === service).map((workload) => workload.service);
      for (const key of [service, ...keys]) loops.get(key)?.forgive();
      report();
      return restart(service);
    },
    close: async () => (await watcher)?.close(),
  };
}
