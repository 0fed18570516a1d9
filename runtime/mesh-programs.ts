import type { Clock } from "./core/clock.ts";
import type { EventHub } from "./control/event-hub.ts";
import type { MeshLoop } from "./control/mesh-loop.ts";
import type { createProxyReadiness } from "./control/proxy-readiness.ts";
import type { Runner } from "./workload/runner.ts";
import { createSupervisor, type Supervisor } from "./workload/supervisor.ts";

/** How long a program waits for its sidecar, and a lease for its own. */
export const sidecarPatienceMs = 5_000;

export interface ProgramsOptions {
  readonly clock: Clock;
  readonly runner: Runner;
  readonly proxies: Pick<ReturnType<typeof createProxyReadiness>, "wait">;
  readonly hub: Pick<EventHub, "tell">;
  readonly loop: () => Pick<MeshLoop, "setReady" | "setProblems">;
  /** Other workloads may get traffic than before. */
  readonly onReady: () => void;
}

/** The programs of a mesh: each waits for its sidecar, and what becomes of it is told. */
export function createPrograms({ clock, runner, proxies, hub, loop, onReady }: ProgramsOptions): Supervisor {
  return createSupervisor({
    clock,
    runner: {
      probe: runner.probe,
      start: async (workload, onLine) => {
        // A program that starts before its sidecar would fail its first call.
        if (workload.sidecar) await proxies.wait(workload.id, sidecarPatienceMs);
        return runner.start(workload, onLine);
      },
    },
    report: (event) => {
      switch (event.type) {
        case "state":
          return hub.tell({ type: "workload.changed", workload: event.workload.id, state: event.state });
        case "line":
          return hub.tell({
            type: "workload.logged",
            workload: event.workload.id,
            stream: event.stream,
            line: event.line,
          });
        case "ready":
          loop().setReady(event.ready);
          return onReady();
        case "problems":
          return loop().setProblems("programs", event.problems);
      }
    },
  });
}
