import { assertNever } from "../core/assert-never.ts";
import type { Decision, DecisionRecord, RequestFacts } from "../model/decision.ts";
import type { Outcome } from "../model/flips.ts";
import type { Provenance } from "../model/resource.ts";
import type { RecalledConnection, RecalledPeer, RecalledRequest } from "../model/recalled.ts";
import type { FilterChain, InboundListener } from "../model/snapshot.ts";
import type { BoundInbound, BoundPolicies } from "../policy/bind-inbound.ts";
import { chooseChain, refusalOf } from "../policy/chains.ts";
import { customStart } from "../policy/custom.ts";
import { decidedFacts } from "../policy/decide.ts";
import { explain } from "../policy/explain.ts";
import { fault } from "../policy/jwt/fault.ts";
import { normalizePath } from "../policy/normalize.ts";
import { redactDecision, tokenPlaces } from "../policy/redact.ts";
import { type ConnectionFacts, httpFacts, tcpFacts } from "../traffic/facts.ts";
import { arrivalOf, type Arriving, type Ends } from "./arrival.ts";

/** What becomes of a call under one snapshot. */
export type Judged =
  | {
      readonly kind: "outcome";
      readonly verdict: Outcome["verdict"];
      /** Equal for outcomes with the same reason. */
      readonly key: string;
      /** In words, secrets redacted; dear. */
      readonly tell: () => Outcome;
    }
  /** Something else than the files decides, or what was kept does not say enough. */
  | { readonly kind: "excluded"; readonly reason: string };

/** A clock that can be set to the moment of the call. */
export interface SetClock {
  readonly now: () => number;
  readonly at: <T>(ms: number, ask: () => T) => T;
}

/** The same steps as in the sidecar (proxy/inbound.ts): chain, end of TLS, who calls, policies. */
export function judgeCall(ends: Ends, inbound: BoundInbound, clock: SetClock): Judged {
  const { call, connection } = ends;
  const listener = inbound.listener(connection.destinationPort);
  if (call.kind !== "request") {
    if (connection.protocol !== listener.protocol)
      return excluded("nobody knows whether its bytes are HTTP, which the port speaks differently now");
    if (connection.mode === "DISABLE" && listener.mode !== "DISABLE")
      return excluded("nobody looked whether its bytes are TLS");
  }
  const arriving = arrivalOf(ends);
  switch (arriving.kind) {
    case "unknown":
      return excluded(arriving.reason);
    case "refused":
      return refused(arriving.reason, arriving.because);
    case "connection":
      return enter(ends, inbound, listener, arriving, clock);
    default:
      return assertNever(arriving);
  }
}

function wasLookedAt({ seen, mode }: RecalledConnection): boolean {
  return seen.transport === "raw" && mode !== "DISABLE";
}

/** Bytes of a TLS record that say what it is: until then nobody goes on. */
const recordHeader = 5;

function enter(
  ends: Ends,
  inbound: BoundInbound,
  listener: InboundListener,
  arriving: Extract<Arriving, { kind: "connection" }>,
  clock: SetClock,
): Judged {
  const { call, connection, server } = ends;
  const { seen, peer } = arriving;
  if (
    call.kind === "tcp" &&
    seen.transport === "raw" &&
    listener.mode !== "DISABLE" &&
    !wasLookedAt(connection) &&
    (call.bytes ?? 0) < recordHeader
  )
    return excluded("it sends too little for anybody to see whether it is TLS");
  const chain = chooseChain(listener, seen);
  if (chain === undefined) return refused(refusalOf(listener, seen.transport), listener.because);
  if (chain.terminates) {
    if (peer === undefined) {
      const failed = call.kind === "request" ? null : call.refusal;
      return failed === null
        ? excluded("the certificate of its caller was not seen")
        : refused(failed, listener.because);
    }
    if (!isTrusted(peer, server.trust.trustDomains))
      return refused(`the caller's trust domain is not one of this mesh: ${peer.uriSans.join(", ")}`, []);
  } else if (seen.transport === "tls" && (call.kind === "request" || peer !== undefined)) {
    // A program's own TLS passes untouched; of the mesh's nobody there understands a word.
    return refused(`TLS that nobody ends under ${listener.mode}`, listener.because);
  }
  // On such a port its first bytes, which nobody has read, say whether it is HTTP.
  const isOpen = listener.protocol === "auto" && seen.transport === "raw";
  if (call.kind === "refused" && (chain.network === "http" || isOpen)) return accepted;
  const facts = connectionFacts(ends, chain, listener, chain.terminates ? peer : undefined, arriving.sni);
  if (chain.network === "tcp") return decide(inbound.tcp, tcpFacts(facts), call.at, inbound, clock);
  if (call.kind !== "request") return excluded("its bytes would be read as HTTP");
  return decideRequest(ends, call, inbound, facts, clock);
}

function decideRequest(
  { server }: Ends,
  call: RecalledRequest,
  inbound: BoundInbound,
  facts: ConnectionFacts,
  clock: SetClock,
): Judged {
  const normalized = normalizePath(call.target, server.trust.pathNormalization);
  if (!normalized.ok) return denied("its path cannot be normalized");
  if (!call.decided) return excluded("it never came to a decision");
  const head = { ...call, bytes: Buffer.from(call.head, "latin1") };
  const asked = httpFacts(facts, head, normalized.path, {
    requestId: call.requestId,
    options: inbound.section.options,
  });
  return decide(inbound.http, asked, call.at, inbound, clock);
}

function decide(
  { set, decide: ask, custom }: BoundPolicies,
  facts: RequestFacts,
  at: number,
  { section }: BoundInbound,
  clock: SetClock,
): Judged {
  // Envoy asks nobody about a request without a route, and CONNECT has none.
  const step = facts.method() === "CONNECT" ? undefined : custom?.(facts, customStart);
  if (step?.kind === "ask") return excluded(`it depends on what provider ${step.provider.name} says`);
  const decision = step === undefined ? ask(facts) : step.decision;
  if (isExpired(decision) && !isExpired(clock.at(at, () => ask(facts)))) return excluded("its token has expired since");
  const { verdict, reason, by, token } = decision;
  return {
    kind: "outcome",
    verdict,
    key: `${reason} ${by?.policy ?? ""} ${by?.rule ?? ""} ${token?.fault ?? ""}`,
    tell: () => {
      const told = explain(set, decision, set.layer === "http" ? decidedFacts(facts, section, decision) : facts);
      return {
        verdict,
        decision: nearestOnly(redactDecision(told, tokenPlaces(section.jwt))),
        reason: null,
        because: [],
      };
    },
  };
}

function isExpired({ token }: Decision): boolean {
  return token?.fault === fault.expired;
}

function nearestOnly(record: DecisionRecord): DecisionRecord {
  const { by, tried } = record;
  const nearest =
    by === null
      ? tried.find(({ result, dryRun }) => result === "missed" && !dryRun)
      : tried.find(({ id, file, line }) => id === by.id && file === by.file && line === by.line);
  return { ...record, tried: nearest === undefined ? [] : [nearest] };
}

function connectionFacts(
  { connection, server }: Ends,
  chain: FilterChain,
  listener: InboundListener,
  peer: RecalledPeer | undefined,
  sni: string | undefined,
): ConnectionFacts {
  const { sourceIp, destinationIp, destinationPort }: RecalledConnection = connection;
  return {
    peer: peer === undefined ? undefined : { uriSans: peer.uriSans, dnsSans: peer.dnsSans, subject: peer.subject },
    sourceIp,
    destinationIp,
    destinationPort,
    // Under DISABLE nobody looks into a ClientHello.
    sni: listener.mode === "DISABLE" ? undefined : sni,
    entry: {
      port: destinationPort,
      tls: chain.terminates,
      identity: server.identity,
      peer: peer === undefined ? undefined : { ...peer, certificate: () => peer.certificate, chain: () => peer.chain },
    },
  };
}

/** Chain, dates and keys were proven when the call was made; only the trust domains are the files' (identity/verify.ts). */
function isTrusted({ uriSans }: RecalledPeer, trustDomains: readonly string[]): boolean {
  const [uri, ...more] = uriSans;
  return more.length === 0 && uri !== undefined && trustDomains.some((domain) => uri.startsWith(`spiffe://${domain}/`));
}

function excluded(reason: string): Judged {
  return { kind: "excluded", reason };
}

function refused(reason: string, because: readonly Provenance[]): Judged {
  return without("refuse", reason, because);
}

function denied(reason: string): Judged {
  return without("deny", reason, []);
}

const accepted = without("allow", "the connection is accepted; what it would have asked is not known", []);

function without(verdict: Outcome["verdict"], reason: string, because: readonly Provenance[]): Judged {
  return { kind: "outcome", verdict, key: reason, tell: () => ({ verdict, decision: null, reason, because }) };
}
