import { assertNever } from "../core/assert-never.ts";

/** Why an upstream try ended without a response, in Envoy's words (spec traffic 5.5.2). */
export type ResetReason =
  | "local connection failure"
  | "remote connection failure"
  | "connection timeout"
  | "connection termination"
  | "local reset"
  | "remote reset"
  | "remote refused stream reset"
  | "overflow"
  | "protocol error";

/** The response flag of a reset (spec traffic 5.6.2). */
export function resetFlag(reason: ResetReason): string {
  switch (reason) {
    case "local connection failure":
    case "remote connection failure":
    case "connection timeout":
      return "UF";
    case "connection termination":
      return "UC";
    case "local reset":
      return "LR";
    case "remote reset":
    case "remote refused stream reset":
      return "UR";
    case "overflow":
      return "UO";
    case "protocol error":
      return "UPE";
    default:
      return assertNever(reason);
  }
}
