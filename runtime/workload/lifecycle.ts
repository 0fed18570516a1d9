import { assertNever } from "../core/assert-never.ts";
import type { RestartPolicy } from "../model/mesh.ts";
import type { WorkloadState } from "../model/state.ts";

/** The life of one workload's program. Pure: signals in, state and effects out; `state` is what the world may see. */
export interface Lifecycle {
  readonly state: WorkloadState;
  /** What the user wants. */
  readonly wanted: "up" | "down";
  /** Keys of services that are not ready yet. */
  readonly blockedBy: readonly string[];
  /** Crashes since it was last healthy; decides the pause before the next start. */
  readonly failures: number;
  /** Times it was started again, for the screen. */
  readonly restarts: number;
  /** A job is ready when it runs, and done when it ends well. */
  readonly job: boolean;
  /** After its end; undefined: always, for a job when it fails. */
  readonly restart: RestartPolicy | undefined;
}

export type Signal =
  | { readonly type: "start" }
  | { readonly type: "stop" }
  | { readonly type: "restart" }
  /** Its files have changed: start again, unless it is not wanted. */
  | { readonly type: "renew" }
  /** The services it needs that are not ready; empty: all are. */
  | { readonly type: "blocked"; readonly by: readonly string[] }
  /** It can never start as it is declared. */
  | { readonly type: "doomed"; readonly reason: string }
  | { readonly type: "spawned"; readonly pid: number }
  | { readonly type: "spawn.failed"; readonly reason: string }
  | { readonly type: "probed"; readonly ok: boolean; readonly reason: string }
  | {
      readonly type: "exited";
      readonly code: number | null;
      readonly signal: string | null;
      readonly lastLines: readonly string[];
      /** Now, in milliseconds since the epoch, to say when it starts again. */
      readonly now: number;
    }
  | { readonly type: "timer"; readonly timer: Timer };

/** `ready`: time to become ready is over. `healthy`: it ran well long enough. `restart`: the pause is over. */
export type Timer = "ready" | "healthy" | "restart";

export type Effect =
  | { readonly type: "spawn" }
  | { readonly type: "terminate" }
  | { readonly type: "probe.begin" }
  | { readonly type: "probe.end" }
  | { readonly type: "timer.set"; readonly timer: Timer; readonly ms: number }
  | { readonly type: "timer.clear"; readonly timer: Timer };

export const readyTimeoutMs = 60_000;
export const healthyAfterMs = 10_000;
export const longestPauseMs = 30_000;

export function createLifecycle(job: boolean, restart?: RestartPolicy): Lifecycle {
  return { state: { phase: "stopped" }, wanted: "down", blockedBy: [], failures: 0, restarts: 0, job, restart };
}

/** Milliseconds before the next start: 1 s, 2 s, 4 s … 30 s. */
export function pauseAfter(failures: number): number {
  return Math.min(longestPauseMs, 1000 * 2 ** Math.max(0, Math.min(failures, 16) - 1));
}

type Step = readonly [Lifecycle, readonly Effect[]];

const clearTimers: readonly Effect[] = [
  { type: "timer.clear", timer: "ready" },
  { type: "timer.clear", timer: "healthy" },
  { type: "timer.clear", timer: "restart" },
];

export function step(life: Lifecycle, signal: Signal): Step {
  switch (signal.type) {
    case "start":
      return begin({ ...life, wanted: "up", failures: 0 });
    case "stop":
      return end({ ...life, wanted: "down" });
    case "restart":
      return again(life);
    case "renew":
      return life.wanted === "up" ? again(life) : [life, []];
    case "blocked": {
      const next = { ...life, blockedBy: signal.by };
      if (life.state.phase !== "waiting") return [next, []];
      return begin(next);
    }
    case "doomed":
      return isRunning(life.state)
        ? [life, []]
        : [{ ...life, wanted: "down", state: { phase: "failed", reason: signal.reason } }, clearTimers];
    case "spawned":
      return onSpawned(life, signal.pid);
    case "spawn.failed":
      return [{ ...life, state: { phase: "failed", reason: signal.reason } }, clearTimers];
    case "probed":
      return onProbed(life, signal.ok, signal.reason);
    case "exited":
      return onExited(life, signal);
    case "timer":
      return onTimer(life, signal.timer);
    default:
      return assertNever(signal);
  }
}

function again(life: Lifecycle): Step {
  return isRunning(life.state)
    ? end({ ...life, wanted: "up", failures: 0, restarts: life.restarts + 1 })
    : begin({ ...life, wanted: "up", failures: 0 });
}

function isRunning(state: WorkloadState): state is Extract<WorkloadState, { readonly pid: number }> {
  return "pid" in state;
}

function begin(life: Lifecycle): Step {
  const { state } = life;
  // While it stops, `wanted` says what comes after.
  if (isRunning(state)) return [life, []];
  if (life.blockedBy.length > 0) return [{ ...life, state: { phase: "waiting", for: life.blockedBy } }, clearTimers];
  return [{ ...life, state: { phase: "starting", pid: 0 } }, [...clearTimers, { type: "spawn" }]];
}

function end(life: Lifecycle): Step {
  const { state } = life;
  if (state.phase === "stopping") return [life, []];
  if (!isRunning(state)) return [{ ...life, state: { phase: "stopped" } }, clearTimers];
  return [
    { ...life, state: { phase: "stopping", pid: state.pid } },
    [...clearTimers, { type: "probe.end" }, { type: "terminate" }],
  ];
}

function onSpawned(life: Lifecycle, pid: number): Step {
  const { state } = life;
  if (state.phase === "stopping") return [{ ...life, state: { phase: "stopping", pid } }, [{ type: "terminate" }]];
  if (state.phase !== "starting") return [life, []];
  if (life.job)
    return [{ ...life, state: { phase: "ready", pid } }, [{ type: "timer.set", timer: "healthy", ms: healthyAfterMs }]];
  return [
    { ...life, state: { phase: "starting", pid } },
    [{ type: "probe.begin" }, { type: "timer.set", timer: "ready", ms: readyTimeoutMs }],
  ];
}

function onProbed(life: Lifecycle, ok: boolean, reason: string): Step {
  const { state } = life;
  if (state.phase === "starting" || state.phase === "unready") {
    if (ok) {
      return [
        { ...life, state: { phase: "ready", pid: state.pid } },
        [
          { type: "timer.clear", timer: "ready" },
          { type: "timer.set", timer: "healthy", ms: healthyAfterMs },
        ],
      ];
    }
    if (state.phase === "unready" && state.reason !== reason && state.reason.startsWith("no longer ready")) {
      return [{ ...life, state: { ...state, reason: `no longer ready: ${reason}` } }, []];
    }
    return [life, []];
  }
  if (state.phase !== "ready" || ok || life.job) return [life, []];
  return [
    { ...life, state: { phase: "unready", pid: state.pid, reason: `no longer ready: ${reason}` } },
    [{ type: "timer.clear", timer: "healthy" }],
  ];
}

function onExited(life: Lifecycle, exit: Extract<Signal, { readonly type: "exited" }>): Step {
  const { state } = life;
  const over: readonly Effect[] = [...clearTimers, { type: "probe.end" }];
  if (state.phase === "stopping") {
    const stopped: Lifecycle = { ...life, state: { phase: "stopped" } };
    if (life.wanted === "down") return [stopped, over];
    const [next, effects] = begin(stopped);
    return [next, [...over, ...effects]];
  }
  if (!isRunning(state)) return [life, []];
  const ended = { code: exit.code, signal: exit.signal, lastLines: exit.lastLines };
  const failures = life.failures + 1;
  if (!startsAgain(life, exit.code, failures))
    return [{ ...life, failures, state: { phase: "exited", ...ended, restartAt: null } }, over];
  const ms = pauseAfter(failures);
  const restartAt = new Date(exit.now + ms).toISOString();
  return [
    { ...life, failures, state: { phase: "exited", ...ended, restartAt } },
    [...over, { type: "timer.set", timer: "restart", ms }],
  ];
}

function startsAgain({ job, restart }: Lifecycle, code: number | null, failures: number): boolean {
  const when = restart?.when ?? (job ? "failure" : "always");
  if (when === "never" || (when === "failure" && code === 0)) return false;
  return failures <= (restart?.most ?? Infinity);
}

function onTimer(life: Lifecycle, timer: Timer): Step {
  const { state } = life;
  switch (timer) {
    case "ready":
      if (state.phase !== "starting") return [life, []];
      return [{ ...life, state: { phase: "unready", pid: state.pid, reason: "never listened" } }, []];
    case "healthy":
      return state.phase === "ready" ? [{ ...life, failures: 0 }, []] : [life, []];
    case "restart":
      if (state.phase !== "exited" || life.wanted === "down") return [life, []];
      // What it needs was ready once; a dependency that fails later does not keep it down.
      return [{ ...life, restarts: life.restarts + 1, state: { phase: "starting", pid: 0 } }, [{ type: "spawn" }]];
    default:
      return assertNever(timer);
  }
}
