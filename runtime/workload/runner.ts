import type { Problem } from "../core/problem.ts";
import type { Workload } from "../model/mesh.ts";
import type { WorkloadState } from "../model/state.ts";

/** What the supervisor needs of whatever runs programs: processes with the hook today, pods and containers later. */
export interface Runner {
  /** Resolves when the program runs. @throws MeshError MD4001 when it cannot be started */
  readonly start: (
    workload: Workload,
    onLine: (stream: "stdout" | "stderr", line: string) => void,
  ) => Promise<RunningProgram>;
  /** One attempt; never throws. */
  readonly probe: (workload: Workload) => Promise<ProbeResult>;
}

export interface RunningProgram {
  readonly pid: number;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Asks it to end, and makes it end after the grace period. */
  readonly stop: () => Promise<unknown>;
}

export interface ProbeResult {
  readonly ok: boolean;
  /** Why not, in words: `port 8080 does not accept`. */
  readonly reason: string;
}

/** What the supervisor has to tell. */
export type SupervisorEvent =
  | { readonly type: "state"; readonly workload: Workload; readonly state: WorkloadState; readonly restarts: number }
  | { readonly type: "line"; readonly workload: Workload; readonly stream: "stdout" | "stderr"; readonly line: string }
  /** The set of workloads that may get traffic changed. */
  | { readonly type: "ready"; readonly ready: ReadonlySet<string> }
  /** Everything that is wrong with programs now. */
  | { readonly type: "problems"; readonly problems: readonly Problem[] };
