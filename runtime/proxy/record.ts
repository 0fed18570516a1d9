import type { X509Certificate } from "node:crypto";
import { assertNever } from "../core/assert-never.ts";
import type { Decision, RequestFacts } from "../model/decision.ts";
import type { HandshakeFailure, Party, TlsFacts } from "../model/event.ts";
import type { PolicySet } from "../model/policy.ts";
import type { Provenance } from "../model/resource.ts";
import type { ProxyId } from "../model/snapshot.ts";

/** What happened, as references and numbers: turned into an event, with its explanation, only when somebody looks. */
export type EventRecord = HandshakeRecord | ExchangeRecord | ConnectionRecord;

export interface HandshakeRecord {
  readonly kind: "handshake";
  readonly id: string;
  readonly at: number;
  readonly generation: number;
  readonly proxy: ProxyId;
  readonly side: "client" | "server";
  readonly from: Party;
  readonly to: Party;
  readonly tls: TlsFacts;
  readonly local: X509Certificate | undefined;
  readonly peer: X509Certificate | undefined;
  readonly ms: number;
  readonly failure: HandshakeFailure | null;
}

/** A decision with what is needed to put it into words later. */
export interface DecisionRef {
  readonly set: PolicySet;
  readonly decision: Decision;
  readonly facts: RequestFacts;
}

export interface ExchangeRecord {
  readonly kind: "exchange";
  readonly id: string;
  readonly at: number;
  readonly generation: number;
  readonly proxy: ProxyId;
  readonly side: "outbound" | "inbound";
  readonly from: Party;
  readonly to: Party;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly originalPath: string | null;
  readonly requestId: string | null;
  readonly status: number;
  readonly flags: string;
  readonly details: string;
  readonly handshake: string | null;
  readonly route: string | null;
  readonly routeAt: Provenance | null;
  readonly cluster: string | null;
  readonly endpoint: string | null;
  readonly attempts: number;
  readonly totalMs: number;
  readonly upstreamMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly decision: DecisionRef | undefined;
  /** Request headers by lower-case name, unredacted: read only when a subscriber asks for headers. */
  readonly headers: (() => readonly (readonly [string, string])[]) | undefined;
}

export interface ConnectionRecord {
  readonly kind: "connection";
  readonly id: string;
  readonly at: number;
  readonly generation: number;
  readonly proxy: ProxyId;
  readonly side: "outbound" | "inbound";
  readonly from: Party;
  readonly to: Party;
  readonly flags: string;
  readonly details: string;
  readonly handshake: string | null;
  readonly sni: string | null;
  readonly cluster: string | null;
  readonly endpoint: string | null;
  readonly ms: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly decision: DecisionRef | undefined;
}

/** Denials and failed handshakes are never sampled (model.md §6). */
export function isFailure(record: EventRecord): boolean {
  switch (record.kind) {
    case "handshake":
      return record.failure !== null;
    case "exchange":
      return record.decision?.decision.verdict === "deny";
    case "connection":
      return record.decision?.decision.verdict === "deny" || record.flags.includes("NR");
    default:
      return assertNever(record);
  }
}
