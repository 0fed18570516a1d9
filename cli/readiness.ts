import { MeshError } from "../runtime/core/error.ts";
import type { MeshState, WorkloadView } from "../runtime/model/state.ts";

export type Readiness =
  | { readonly kind: "ready" }
  | { readonly kind: "waiting"; readonly for: readonly string[] }
  | { readonly kind: "failed"; readonly error: MeshError };

/** Whether a mesh is up: every proxy has the configuration and every program is ready, or has done its job. */
export function judgeReadiness(state: MeshState, only: readonly string[]): Readiness {
  const wanted = state.workloads.filter(
    (workload) => only.length === 0 || only.includes(workload.service) || workload.state.phase !== "stopped",
  );
  for (const workload of wanted) {
    const error = failureOf(workload);
    if (error !== undefined) return { kind: "failed", error };
  }
  const waiting = [
    ...wanted.filter((workload) => !isDone(workload)).map((workload) => workload.id),
    ...(state.generation.number === 0 ? ["the first generation"] : state.generation.waiting),
  ];
  return waiting.length === 0 ? { kind: "ready" } : { kind: "waiting", for: [...new Set(waiting)] };
}

function isDone({ state }: WorkloadView): boolean {
  return state.phase === "ready" || (state.phase === "exited" && state.code === 0);
}

/** A program may crash once while what it needs comes up; the second time is a failure. */
function failureOf(workload: WorkloadView): MeshError | undefined {
  const { state, id } = workload;
  const hint = `See \`meshdev logs ${workload.service}\`; the mesh keeps running until \`meshdev down\`.`;
  if (state.phase === "failed") return new MeshError("MD8009", `${id} failed: ${state.reason}`, { hint });
  if (state.phase === "unready") return new MeshError("MD8002", `${id} is not ready: ${state.reason}`, { hint });
  if (state.phase !== "exited" || state.code === 0) return undefined;
  if (state.restartAt !== null && workload.restarts < 1) return undefined;
  const how = state.signal === null ? `code ${state.code ?? "unknown"}` : state.signal;
  return new MeshError("MD8009", [`${id} exited with ${how}`, ...state.lastLines].join("\n"), { hint });
}
