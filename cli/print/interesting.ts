import type { ConnectionEvent, EventsDropped, ExchangeEvent, MeshEvent } from "../../runtime/model/event.ts";
import type { MeshState } from "../../runtime/model/state.ts";
import { hasFlags } from "./verdict.ts";

/**
 * Whether an event deserves a row of its own. Both sidecars of a call report it; the server's report carries the decision, so the
 * client's is shown only when it is the only one: it failed on the way, or went where no sidecar listens.
 */
export function isRow(event: MeshEvent | EventsDropped, state: MeshState | undefined): boolean {
  // The handshake that failed has said it already, and with its cause.
  if (event.type === "connection.closed") return event.details !== "filter_chain_not_found" && isSeenOnce(event, state);
  if (event.type === "exchange.completed") return isSeenOnce(event, state);
  return event.type !== "handshake.completed" || event.side === "server";
}

function isSeenOnce(event: ExchangeEvent | ConnectionEvent, state: MeshState | undefined): boolean {
  return event.side === "inbound" || hasFlags(event.flags) || !hasSidecar(event.to.workload ?? event.endpoint, state);
}

function hasSidecar(workload: string | null, state: MeshState | undefined): boolean {
  if (workload === null) return false;
  return state?.workloads.find((known) => known.id === workload)?.sidecar ?? true;
}
