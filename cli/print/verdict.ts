import type { DecisionRecord } from "../../runtime/model/decision.ts";
import type { ConnectionEvent, ExchangeEvent, HandshakeEvent } from "../../runtime/model/event.ts";
import { seg, type Segment, type Tone } from "./segment.ts";

/** The word in front of a row. It must be enough without its colour. */
export type Verdict = "ALLOW" | "DENY" | "DRY-DENY" | "TLS-FAIL" | "TLS" | "ERR" | "OK";

export type TrafficEvent = ExchangeEvent | ConnectionEvent | HandshakeEvent;

const tones: Readonly<Record<Verdict, Tone>> = {
  ALLOW: "good",
  DENY: "bad",
  "DRY-DENY": "warn",
  "TLS-FAIL": "bad",
  TLS: "info",
  ERR: "bad",
  OK: "plain",
};

/** What happened, in one word. A request without a decision (only the server's sidecar decides) is OK or ERR. */
export function verdictOf(event: TrafficEvent): Verdict {
  switch (event.type) {
    case "handshake.completed":
      return "TLS";
    case "handshake.failed":
      return "TLS-FAIL";
    case "exchange.completed":
      return (
        judged(event.decision) ?? (hasFlags(event.flags) || event.status >= 500 || event.status === 0 ? "ERR" : "OK")
      );
    case "connection.closed":
      return judged(event.decision) ?? (hasFlags(event.flags) ? "ERR" : "OK");
  }
}

function judged(decision: DecisionRecord | null): Verdict | undefined {
  if (decision === null) return undefined;
  if (decision.verdict === "deny") return "DENY";
  const shadow = decision.shadow ?? [];
  return shadow.some(({ kind, result }) => kind !== "audit" && result === "denied") ||
    decision.tried.some((rule) => rule.dryRun && rule.result === "matched" && rule.action === "DENY")
    ? "DRY-DENY"
    : "ALLOW";
}

export function hasFlags(flags: string): boolean {
  return flags !== "-" && flags !== "";
}

export function verdictSegment(verdict: Verdict): Segment {
  return seg(verdict.padEnd(8), tones[verdict]);
}
