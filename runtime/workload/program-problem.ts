import type { Problem } from "../core/problem.ts";
import type { Workload } from "../model/mesh.ts";
import type { WorkloadState } from "../model/state.ts";

/** What is wrong with a program in this state; undefined when nothing is. */
export function problemOf(workload: Workload, state: WorkloadState): Problem | undefined {
  const at = workload.at === undefined ? {} : { at: workload.at };
  if (state.phase === "failed") {
    const code = state.reason.startsWith("needs form") || state.reason.startsWith("it needs") ? "MD4004" : "MD4001";
    return { code, severity: "error", message: `${workload.id} cannot start: ${state.reason}`, ...at };
  }
  if (state.phase === "unready") {
    return {
      code: "MD4002",
      severity: "error",
      message: `${workload.id} ${state.reason} on ${workload.ports.map(({ port }) => port).join(", ")}`,
      hint: "check that the program listens on the port that it declares",
      ...at,
    };
  }
  if (state.phase === "exited" && (state.restartAt !== null || state.code !== 0)) {
    const how = state.signal === null ? `exit code ${state.code}` : state.signal;
    const last = state.lastLines.at(-1);
    return {
      code: "MD4003",
      severity: "error",
      message: `${workload.id} ended with ${how}${last === undefined ? "" : `: ${last}`}`,
      hint: `meshdev logs ${workload.service}`,
      ...at,
    };
  }
  return undefined;
}
