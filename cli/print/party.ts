import type { Party } from "../../runtime/model/event.ts";
import { sanitize } from "./sanitize.ts";

/** The workload's id, or the address of somebody outside. */
export function partyName(party: Party): string {
  return sanitize(party.workload ?? party.address);
}

/** `backend-1:8080` */
export function targetName(party: Party): string {
  if (party.workload === null) return sanitize(party.address);
  const port = party.address.slice(party.address.lastIndexOf(":") + 1);
  return sanitize(`${party.workload}:${port}`);
}
