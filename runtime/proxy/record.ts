import type { X509Certificate } from "node:crypto";
import { assertNever } from "../core/assert-never.ts";
import type { Decision, RequestFacts } from "../model/decision.ts";
import type { ExtAuthzCall } from "../model/ext-authz.ts";
import type { HandshakeFailure, HttpVersion, Party, TlsFacts } from "../model/event.ts";
import type { JwtProvider } from "../model/jwt.ts";
import type { PolicySet } from "../model/policy.ts";
import type { Provenance } from "../model/resource.ts";
import type { InboundSection, ProxyId } from "../model/snapshot.ts";
import { decidedFacts } from "../policy/decide.ts";
import type { Authorized } from "../traffic/ext-authz/authorized.ts";
import { headerEntries } from "../wire/http1/head.ts";
import type { RequestHead } from "../wire/http1/head.ts";
import type { ProxyEndpoint } from "../wire/proxy-v2.ts";
import type { HeaderEntry } from "../wire/http1/fields.ts";
import { httpFacts, seenFacts } from "../traffic/facts.ts";
import type { Svid } from "./credentials.ts";
import type { ConnectionFacts } from "../traffic/facts.ts";

/** What happened, as references and numbers: turned into an event, with its explanation, only when somebody looks. */
export type EventRecord = OtherRecord | ExchangeRecord;

/** Told once per connection. */
export type OtherRecord = HandshakeRecord | ConnectionRecord;

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
  readonly local: Pick<Svid, "leaf" | "issuers"> | undefined;
  readonly peer: X509Certificate | undefined;
  readonly ms: number;
  readonly failure: HandshakeFailure | null;
  /** Of a caller that the server refused for the certificate that it showed, or did not show. */
  readonly caller?: ConnectionFacts | undefined;
}

/** A decision with what is needed to put it into words later. */
export interface DecisionRef {
  readonly set: PolicySet;
  readonly decision: Decision;
  readonly facts: RequestFacts;
  readonly listener: ConnectionFacts["listener"];
}

export interface ExchangeRecord {
  readonly kind: "exchange";
  readonly id: string;
  readonly at: number;
  readonly generation: number;
  readonly proxy: ProxyId;
  readonly side: "outbound" | "inbound";
  readonly protocol: HttpVersion;
  readonly from: Party;
  readonly to: Party;
  /** Where the program wanted to go; null on the inbound side. */
  readonly destination: ProxyEndpoint | null;
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
  readonly extAuthz: readonly ExtAuthzCall[] | undefined;
  /** Rules that name places of tokens: what stands there is never told. */
  readonly jwt: readonly JwtProvider[];
  /** Request headers by lower-case name, unredacted: read only when a subscriber asks for headers. */
  readonly headers: (() => readonly HeaderEntry[]) | undefined;
}

/**
 * A request and how it ended, as the request path tells it. All that it refers to lives longer than the request, but for the head
 * and the text: whoever keeps it copies those.
 */
export interface ExchangeTold extends Omit<
  ExchangeRecord,
  "kind" | "id" | "decision" | "extAuthz" | "jwt" | "headers"
> {
  readonly head: Pick<RequestHead, "bytes" | "fields"> | undefined;
  readonly decision: Decision | undefined;
  /** What external authorizers said; undefined: nobody was asked. */
  readonly authorized: Authorized | undefined;
  /** What the decision was made by and about; undefined where none was made. */
  readonly section: InboundSection | undefined;
  readonly caller: ConnectionFacts | undefined;
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
  /** On the way in: what the decision was, or would have been, about. */
  readonly caller?: ConnectionFacts;
  readonly extAuthz?: readonly ExtAuthzCall[] | undefined;
}

/** A record that stands by itself: `told` must not change any more. `id`: of the exchange. */
export function exchangeRecord(told: ExchangeTold, id: string): ExchangeRecord {
  const { head, decision, authorized, section, caller, ...rest } = told;
  const asked = head === undefined ? undefined : { ...head, method: told.method, authority: told.authority };
  return {
    ...rest,
    kind: "exchange",
    id,
    decision:
      decision === undefined || section === undefined || caller === undefined || asked === undefined
        ? undefined
        : {
            set: section.http,
            decision,
            listener: caller.listener,
            facts: decidedFacts(
              authorized === undefined
                ? httpFacts(caller, asked, told.path, { requestId: told.requestId ?? "", options: section.options })
                : seenFacts(caller, authorized),
              section,
              decision,
            ),
          },
    extAuthz: authorized?.calls,
    jwt: section?.jwt ?? noRules,
    headers: head === undefined ? undefined : () => headerEntries(head),
  };
}

const noRules: readonly JwtProvider[] = [];

/** Denials and failed handshakes are never sampled (model.md §6). */
export function isFailure(record: OtherRecord): boolean {
  switch (record.kind) {
    case "handshake":
      return record.failure !== null;
    case "connection":
      return record.decision?.decision.verdict === "deny" || record.flags.includes("NR");
    default:
      return assertNever(record);
  }
}
