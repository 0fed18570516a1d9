import { MeshError } from "../runtime/core/error.ts";
import type { MeshState } from "../runtime/model/state.ts";
import { reduce } from "../runtime/store/reduce.ts";
import type { MeshClient } from "./door.ts";
import type { Readiness } from "./readiness.ts";
import { isEvent } from "./session.ts";

/** How long commands wait until something is so. */
export const defaultTimeoutMs = 90_000;

/** Follows the mesh until it is as `judge` wants it; throws what stood in the way. */
export async function waitUntil(
  client: MeshClient,
  judge: (state: MeshState) => Readiness,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<MeshState> {
  const late = AbortSignal.timeout(timeoutMs);
  let state: MeshState | undefined;
  for await (const line of client.events({ signal: AbortSignal.any([signal, late]) })) {
    if (line.type === "state") state = line.state;
    else if (state !== undefined && isEvent(line)) state = reduce(state, line);
    if (state === undefined) continue;
    const readiness = judge(state);
    if (readiness.kind === "failed") throw readiness.error;
    if (readiness.kind === "ready") return state;
  }
  signal.throwIfAborted();
  if (!late.aborted) throw new MeshError("MD7001", "the mesh stopped before it was ready");
  const readiness = state === undefined ? undefined : judge(state);
  const waiting = readiness?.kind === "waiting" ? ` for ${readiness.for.join(", ")}` : "";
  throw new MeshError("MD8002", `not ready after ${timeoutMs / 1000} s: still waiting${waiting}`);
}
