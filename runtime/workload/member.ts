import type { Clock } from "../core/clock.ts";
import { MeshError } from "../core/error.ts";
import type { Workload } from "../model/mesh.ts";
import { createLifecycle, step, type Effect, type Lifecycle, type Signal, type Timer } from "./lifecycle.ts";
import type { Runner, RunningProgram, SupervisorEvent } from "./runner.ts";

/** One program that is looked after: its lifecycle, and what really runs. */
export interface Member {
  readonly workload: () => Workload;
  readonly life: () => Lifecycle;
  readonly dispatch: (signal: Signal) => void;
  /** When its program was started last, monotonic milliseconds. */
  readonly startedAt: () => number | undefined;
  /** The same program with other facts around it; says whether the program itself would notice. */
  readonly declare: (workload: Workload) => boolean;
}

export interface MemberOptions {
  readonly runner: Runner;
  readonly clock: Clock;
  readonly report: (event: SupervisorEvent) => void;
  /** The state is another one now, and its effects are under way. */
  readonly onChange: () => void;
}

const startingProbeMs = 25;
const readyProbeMs = 1000;
const keptLines = 20;

export function createMember(declared: Workload, options: MemberOptions): Member {
  const { runner, clock, report } = options;
  const timers = new Map<Timer, () => void>();
  const lastLines: string[] = [];
  let workload = declared;
  let life = createLifecycle(isJob(declared), declared.program?.restart);
  let program: RunningProgram | undefined;
  /** Distinguishes starts, so that late news of an old one are ignored. */
  let turn = 0;
  let startedAt: number | undefined;
  let stopProbe: (() => void) | undefined;

  function dispatch(signal: Signal): void {
    const before = life;
    const [next, effects] = step(before, signal);
    life = next;
    const changed = next.state !== before.state;
    // Effects may dispatch again; the state is told first, so that it is told in order.
    if (changed) report({ type: "state", workload, state: next.state, restarts: next.restarts });
    for (const effect of effects) run(effect);
    if (changed) options.onChange();
  }

  function run(effect: Effect): void {
    switch (effect.type) {
      case "spawn":
        void spawn();
        return;
      case "terminate":
        void program?.stop();
        return;
      case "probe.begin":
        stopProbe?.();
        stopProbe = beginProbe();
        return;
      case "probe.end":
        stopProbe?.();
        stopProbe = undefined;
        return;
      case "timer.set":
        timers.get(effect.timer)?.();
        timers.set(
          effect.timer,
          clock.after(effect.ms, () => dispatch({ type: "timer", timer: effect.timer })),
        );
        return;
      case "timer.clear":
        timers.get(effect.timer)?.();
        timers.delete(effect.timer);
    }
  }

  async function spawn(): Promise<void> {
    turn += 1;
    const mine = turn;
    const started = workload;
    lastLines.length = 0;
    startedAt = clock.monotonic();
    try {
      program = await runner.start(started, (stream, line) => {
        lastLines.push(line);
        if (lastLines.length > keptLines) lastLines.shift();
        report({ type: "line", workload: started, stream, line });
      });
      void watchEnd(mine, program);
      dispatch({ type: "spawned", pid: program.pid });
    } catch (error) {
      // Stopped while it failed to start: there is nothing left to end.
      if (life.state.phase === "stopping")
        dispatch({ type: "exited", code: null, signal: null, lastLines: [], now: clock.now() });
      else dispatch({ type: "spawn.failed", reason: reasonOf(error) });
    }
  }

  async function watchEnd(mine: number, running: RunningProgram): Promise<void> {
    const { code, signal } = await running.exited;
    if (turn !== mine) return;
    program = undefined;
    dispatch({ type: "exited", code, signal, lastLines: [...lastLines], now: clock.now() });
  }

  function beginProbe(): () => void {
    let over = false;
    let cancel: (() => void) | undefined;
    const attempt = async (): Promise<void> => {
      const result = await runner.probe(workload);
      if (over) return;
      dispatch({ type: "probed", ...result });
      if (over) return;
      cancel = clock.after(pauseBetweenProbes(workload, life), () => void attempt());
    };
    void attempt();
    return () => {
      over = true;
      cancel?.();
    };
  }

  return {
    workload: () => workload,
    life: () => life,
    dispatch,
    startedAt: () => startedAt,
    declare: (next) => {
      const other = programText(workload) !== programText(next);
      workload = next;
      life = { ...life, job: isJob(next), restart: next.program?.restart };
      return other;
    },
  };
}

/** Without a port there is nothing to wait for. */
function isJob(workload: Workload): boolean {
  const ready = workload.program?.ready;
  return ready?.kind === "spawn" || (ready?.kind === "ports" && workload.ports.length === 0);
}

/** All that a program would notice. */
function programText({ program, ports, sidecar, address, namespace }: Workload): string {
  return JSON.stringify([
    program?.command,
    program?.cwd,
    program?.env,
    program?.ready,
    ports,
    sidecar,
    address,
    namespace,
  ]);
}

function pauseBetweenProbes(workload: Workload, life: Lifecycle): number {
  const ready = workload.program?.ready;
  if (life.state.phase !== "ready") return startingProbeMs;
  return ready?.kind === "http" ? ready.everyMs : readyProbeMs;
}

function reasonOf(error: unknown): string {
  if (error instanceof MeshError) return error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  return error instanceof Error ? error.message : String(error);
}
