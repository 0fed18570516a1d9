import type { X509Certificate } from "node:crypto";
import { assertNever } from "../core/assert-never.ts";
import { certificateFacts } from "../identity/certificate.ts";
import type { DecisionRecord } from "../model/decision.ts";
import type { CertificateFacts, MeshEvent } from "../model/event.ts";
import { explain } from "../policy/explain.ts";
import type { ConnectionRecord, DecisionRef, EventRecord, ExchangeRecord, HandshakeRecord } from "./record.ts";
import { redactDecision, redactHeader, redactTarget, type TokenPlaces, tokenPlaces } from "../policy/redact.ts";

/** A record in words. Secrets are gone from here on. */
export function renderRecord(record: EventRecord, withHeaders: boolean): MeshEvent {
  switch (record.kind) {
    case "handshake":
      return renderHandshake(record);
    case "exchange":
      return renderExchange(record, withHeaders);
    case "connection":
      return renderConnection(record);
    default:
      return assertNever(record);
  }
}

function renderHandshake(record: HandshakeRecord): MeshEvent {
  return {
    type: record.failure === null ? "handshake.completed" : "handshake.failed",
    id: record.id,
    at: iso(record.at),
    generation: record.generation,
    side: record.side,
    from: record.from,
    to: record.to,
    tls: record.tls,
    local: factsOf(record.local?.leaf, record.local?.issuers),
    peer: factsOf(record.peer, issuersOf(record.peer)),
    ms: round(record.ms),
    failure: record.failure,
  };
}

function renderExchange(record: ExchangeRecord, withHeaders: boolean): MeshEvent {
  const at = tokenPlaces(record.jwt);
  return {
    type: "exchange.completed",
    id: record.id,
    at: iso(record.at),
    generation: record.generation,
    proxy: record.proxy,
    side: record.side,
    protocol: record.protocol,
    from: record.from,
    to: record.to,
    method: record.method,
    authority: record.authority,
    path: redactTarget(record.path, at),
    originalPath: record.originalPath === null ? null : redactTarget(record.originalPath, at),
    requestId: record.requestId,
    status: record.status,
    flags: record.flags,
    details: record.details,
    handshake: record.handshake,
    route: record.route,
    routeAt: record.routeAt,
    cluster: record.cluster,
    endpoint: record.endpoint,
    attempts: record.attempts,
    timing: { total: round(record.totalMs), upstream: round(record.upstreamMs) },
    bytes: { in: record.bytesIn, out: record.bytesOut },
    decision: decisionOf(record.decision, at),
    extAuthz: record.extAuthz ?? null,
    headers: withHeaders && record.headers !== undefined ? headersOf(record.headers(), at) : null,
  };
}

function renderConnection(record: ConnectionRecord): MeshEvent {
  return {
    type: "connection.closed",
    id: record.id,
    at: iso(record.at),
    generation: record.generation,
    proxy: record.proxy,
    side: record.side,
    from: record.from,
    to: record.to,
    flags: record.flags,
    details: record.details,
    handshake: record.handshake,
    sni: record.sni,
    cluster: record.cluster,
    endpoint: record.endpoint,
    ms: round(record.ms),
    bytes: { in: record.bytesIn, out: record.bytesOut },
    decision: decisionOf(record.decision),
    extAuthz: record.extAuthz ?? null,
  };
}

/** Rules in an event: those that matched and the nearest misses come first. A thousand policies would make it 400 KB. */
const mostTried = 50;

function decisionOf(ref: DecisionRef | undefined, at?: TokenPlaces): DecisionRecord | null {
  if (ref === undefined) return null;
  const { tried, ...rest } = explain(ref.set, ref.decision, ref.facts, ref.listener);
  const omitted = tried.length - mostTried;
  const told = { ...rest, tried: tried.slice(0, mostTried), ...(omitted > 0 ? { omitted } : {}) };
  return redactDecision(told, at);
}

function headersOf(headers: readonly (readonly [string, string])[], at: TokenPlaces): Readonly<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const [name, value] of headers) {
    const clean = redactHeader(name, value, at);
    const before = out[name];
    out[name] = before === undefined ? clean : `${before}, ${clean}`;
  }
  return out;
}

/** The chain as the peer sent it; one that signed itself ends it. */
function issuersOf(certificate: X509Certificate | undefined): readonly X509Certificate[] {
  const issuers: X509Certificate[] = [];
  for (let next = certificate?.issuerCertificate; next !== undefined; next = next.issuerCertificate) {
    issuers.push(next);
    if (issuers.length >= longestChain || next.fingerprint256 === next.issuerCertificate?.fingerprint256) break;
  }
  return issuers;
}

const longestChain = 8;

function factsOf(
  certificate: X509Certificate | undefined,
  issuers: readonly X509Certificate[] = [],
): CertificateFacts | null {
  if (certificate === undefined) return null;
  try {
    return certificateFacts(certificate, issuers);
  } catch {
    return null;
  }
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
