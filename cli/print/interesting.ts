import type { EventsDropped, MeshEvent } from "../../runtime/model/event.ts";
import type { MeshState } from "../../runtime/model/state.ts";
import { hasFlags } from "./verdict.ts";

/**
 * Whether an event deserves a row of its own. Both sidecars of a call report it; the server's report carries the decision, so the
 * client's is shown only when it is the only one: it failed on the way, or went where no sidecar listens.
 */
export function isRow(event: MeshEvent | EventsDropped, state: MeshState | undefined): boolean {
  switch (event.type) {
    case "exchange.completed":
    case "connection.closed":
      return event.side === "inbound" || hasFlags(event.flags) || !hasSidecar(event.to.workload ?? event.endpoint, state);
    case "handshake.completed":
      return event.side === "server";
    default:
      return true;
  }
}

function hasSidecar(workload: string | null, state: MeshState | undefined): boolean {
  if (workload === null) return false;
  return state?.workloads.find((known) => known.id === workload)?.sidecar ?? true;
}
