import type { ConnectionEvent, ExchangeEvent, HandshakeEvent } from "../model/event.ts";
import { deciderOf, type Outcome } from "../suite/outcome.ts";
import type { SeenAnswer } from "./dial.ts";

/** What a mesh told of one call. */
export interface Heard {
  /** By the sidecar of the server. */
  readonly inbound: ConnectionEvent | ExchangeEvent | undefined;
  /** By the caller's. */
  readonly outbound: ConnectionEvent | ExchangeEvent | undefined;
  /** The handshake that failed, or plaintext that was refused, at the server. */
  readonly failure: HandshakeEvent | undefined;
}

/** What became of a call for real: the sidecars say who decided, the caller what it got. */
export function liveOutcome({ inbound, outbound, failure }: Heard, answer: SeenAnswer): Outcome {
  const decision = inbound?.decision ?? null;
  const because = failure?.failure?.because ?? [];
  const verdict = verdictOf({ inbound, outbound, failure });
  return {
    verdict,
    status: answer.status ?? null,
    by: deciderOf(verdict, decision, because),
    summary: summaryOf({ inbound, outbound, failure }, answer),
    decision,
    because,
  };
}

/** Between two programs without sidecars nobody decides. */
export function programOutcome(answer: SeenAnswer, raw: boolean): Outcome {
  const isReached = answer.status !== undefined || (raw && answer.error === undefined);
  const nothing: Heard = { inbound: undefined, outbound: undefined, failure: undefined };
  return { ...liveOutcome(nothing, answer), verdict: isReached ? "allow" : "unreachable" };
}

function verdictOf({ inbound, outbound, failure }: Heard): Exclude<Outcome["verdict"], "depends"> {
  if (inbound?.decision?.verdict === "deny") return "deny";
  if (inbound?.decision?.verdict === "allow") return hasReached(inbound) ? "allow" : "unreachable";
  if (failure !== undefined || inbound?.details === "filter_chain_not_found") return "tls-fail";
  if (outbound?.details === "direct_response" || (outbound !== undefined && isPassedOn(outbound))) return "allow";
  return outbound?.details.includes("TLS_error") === true ? "tls-fail" : "unreachable";
}

/** The caller's sidecar brought it to the server: to the program itself, or to a sidecar that tells of it. */
export function isPassedOn(outbound: ConnectionEvent | ExchangeEvent): boolean {
  if (outbound.type === "exchange.completed") return outbound.details === "via_upstream";
  return outbound.flags === "-" && outbound.endpoint !== null;
}

function hasReached(event: ConnectionEvent | ExchangeEvent): boolean {
  return event.type === "exchange.completed" ? event.endpoint !== null : !/\bU[FH]\b/.test(event.flags);
}

function summaryOf({ inbound, outbound, failure }: Heard, { status, error }: SeenAnswer): string {
  const { flags } = inbound ?? outbound ?? { flags: "-" };
  const told = flags === "-" ? "" : ` [${flags}]`;
  const reason = failure?.failure?.reason;
  if (status !== undefined) return `${status}${told}${reason === undefined ? "" : ` (${reason})`}`;
  return `${reason ?? error ?? "the connection is closed"}${told}`;
}
