import type { PeerFacts, RequestFacts } from "../model/decision.ts";
import type { HeaderEdit } from "../model/header-edit.ts";
import type { FilterChain, InboundListener } from "../model/snapshot.ts";
import { chooseChain, type ConnectionSeen } from "../policy/chains.ts";
import { explain } from "../policy/explain.ts";
import { normalizePath } from "../policy/normalize.ts";
import { requestScheme, tokenChallenge, withoutHeaders } from "../policy/token.ts";
import { isGrpc } from "../traffic/grpc.ts";
import { localReply, type LocalReply } from "../traffic/local-reply.ts";
import { replyHead } from "../traffic/reply-head.ts";
import { inboundRequestEdit } from "../traffic/request-headers.ts";
import { inboundResponseEdit } from "../traffic/response-headers.ts";
import { headerValues, parseRequestHead, type RequestHead } from "../wire/http1/head.ts";
import { upstreamFraming, writeRequestHead } from "../wire/http1/write.ts";
import { sniffHttp } from "../wire/sniff.ts";
import { judgeCaller, shakeHands } from "./handshake.ts";
import type { Answer, CertificateClaim, Payload, TlsSession } from "./payload.ts";
import type { ProxyFacts, Trace } from "./trace.ts";
import { serverAlpn, type PaperProxy, type PaperWorld } from "./world.ts";

export interface Arrival {
  readonly port: number;
  readonly sourceIp: string;
  readonly payload: Payload;
}

/** The date that predicted replies carry; nobody compares it. */
export const paperDate = "Thu, 01 Jan 1970 00:00:00 GMT";

/** A connection at a workload port that a sidecar guards: sniff, chain, handshake, decision, program. */
export function receive(world: PaperWorld, proxy: PaperProxy, arrival: Arrival, trace: Trace): Answer {
  const listener = proxy.listener(arrival.port);
  const seen = inspect(listener, arrival.payload);
  if (seen === undefined) return { kind: "hang" };
  const chain = chooseChain(listener, seen);
  const offer = arrival.payload.kind === "tls" ? arrival.payload.offer : undefined;
  const sni = listener.mode === "DISABLE" ? undefined : offer?.sni?.toLowerCase();
  const note = (facts: Partial<ProxyFacts>): void => {
    trace.proxies.push({ ...blank(proxy, listener, chain), sni, ...facts });
  };
  if (chain === undefined) {
    note({ flags: "NR", details: "filter_chain_not_found", cluster: undefined, because: listener.because });
    return { kind: "closed", reset: true };
  }
  if (!chain.terminates || arrival.payload.kind !== "tls" || offer === undefined) {
    return serve({ world, proxy, arrival, trace, listener, chain, sni, note }, arrival.payload, undefined, undefined);
  }

  const { trustDomains, minProtocolVersion } = proxy.snapshot.trust;
  const result = shakeHands(offer, {
    certificate: world.certificate(proxy.workload),
    alpn: serverAlpn[chain.network],
    needsAlpn: false,
    minVersion: minProtocolVersion === "TLSV1_3" ? 13 : 12,
    judge: (client) => judgeCaller(client, trustDomains),
  });
  if (result.kind === "tls-failed") return result;
  return serve(
    { world, proxy, arrival, trace, listener, chain, sni, note },
    arrival.payload.inner,
    offer.certificate,
    result.session,
  );
}

interface Connection {
  readonly world: PaperWorld;
  readonly proxy: PaperProxy;
  readonly arrival: Arrival;
  readonly trace: Trace;
  readonly listener: InboundListener;
  readonly chain: FilterChain;
  readonly sni: string | undefined;
  readonly note: (facts: Partial<ProxyFacts>) => void;
}

/** What is known before a chain is chosen; undefined: not enough bytes, and nobody ever gives up waiting (errata security 23). */
function inspect(listener: InboundListener, payload: Payload): ConnectionSeen | undefined {
  if (payload.kind === "tls") {
    return { transport: "tls", protocols: listener.mode === "DISABLE" ? [] : payload.offer.alpn };
  }
  const { bytes } = payload;
  if (listener.mode !== "DISABLE" && bytes.length < 5) return undefined;
  if (!listener.chains.some((chain) => chain.transport === "raw" && chain.applicationProtocols !== undefined)) {
    return { transport: "raw", protocols: [] };
  }
  const sniffed = sniffHttp(bytes);
  if (sniffed === "need-more") return undefined;
  return { transport: "raw", protocols: [sniffed] };
}

function serve(
  connection: Connection,
  payload: Payload,
  certificate: CertificateClaim | undefined,
  session: TlsSession | undefined,
): Answer {
  const answer =
    connection.chain.network === "http"
      ? serveHttp(connection, payload, certificate)
      : serveTcp(connection, payload, certificate);
  if (session === undefined || !isOpen(answer)) return answer;
  return { ...answer, tls: answer.tls === undefined ? session : { ...session, inside: answer.tls } };
}

function isOpen(answer: Answer): answer is Extract<Answer, { kind: "http" | "bytes" | "closed" }> {
  return answer.kind === "http" || answer.kind === "bytes" || answer.kind === "closed";
}

function serveTcp(connection: Connection, payload: Payload, certificate: CertificateClaim | undefined): Answer {
  const { world, proxy, arrival, trace, note, listener } = connection;
  const facts = factsOf(connection, certificate, undefined, "");
  const decision = proxy.tcp(facts);
  const record = explain(proxy.snapshot.inbound.tcp, decision, facts);
  const known = { peer: certificate?.uriSans[0], decision: record, attempts: 1, cluster: listener.cluster };
  if (decision.verdict === "deny") {
    note({ ...known, termination: record.details ?? undefined });
    return { kind: "closed" };
  }
  note(known);
  return world.programs(proxy.workload, arrival.port, payload, trace);
}

function serveHttp(connection: Connection, payload: Payload, certificate: CertificateClaim | undefined): Answer {
  const { world, proxy, arrival, trace, note, listener } = connection;
  const peer = certificate?.uriSans[0];
  // TLS inside an HTTP chain is nothing that a request could begin with.
  const bytes = payload.kind === "bytes" ? payload.bytes : Buffer.from([0x16, 3, 1]);
  const parsed = parseRequestHead(bytes, 0);
  const respond = (
    reply: LocalReply,
    head: RequestHead | undefined,
    facts: Partial<ProxyFacts>,
    decorated: boolean,
  ): Answer => {
    const named = head !== undefined && decorated && headerValues(head, "x-envoy-decorator-operation").length === 0;
    const { status, headers, body } = replyHead(reply, {
      server: "istio-envoy",
      date: paperDate,
      grpc: head !== undefined && isGrpc((name) => headerValues(head, name)),
      head: head?.method === "HEAD",
      ...(named && listener.decorator !== undefined ? { decorator: listener.decorator } : {}),
    });
    note({ code: status, details: reply.details, flags: reply.flags.join(",") || undefined, peer, ...facts });
    return { kind: "http", status, headers, body };
  };
  if (parsed.kind === "incomplete") return { kind: "hang" };
  if (parsed.kind === "error") {
    const { status, body, details, flags, head } = parsed.error;
    const reply = {
      status,
      body,
      details,
      flags: flags === "-" ? [] : [flags],
      headers: [],
      contentType: body === "" ? undefined : "text/plain",
    };
    const path = head?.target;
    return respond(reply, head, { path: path === "" ? undefined : path, cluster: undefined }, false);
  }

  const { head, next } = parsed;
  const header = (name: string): readonly string[] => headerValues(head, name);
  const normalized = normalizePath(head.target, proxy.snapshot.trust.pathNormalization);
  if (!normalized.ok) {
    return respond(
      localReply({ kind: "path-normalization-failed" }),
      head,
      { path: head.target, cluster: undefined },
      false,
    );
  }
  const { path } = normalized;
  if (head.upgrade !== undefined && head.upgrade.toLowerCase() !== "websocket") {
    return respond(localReply({ kind: "upgrade-failed" }), head, { path, route: "default" }, false);
  }
  const { claimHeaders } = proxy.snapshot.inbound;
  const facts = withoutHeaders(factsOf(connection, certificate, head, path), claimHeaders);
  const decision = proxy.http(facts);
  const record = explain(proxy.snapshot.inbound.http, decision, facts);
  const known = { peer, path, route: "default", decision: record };
  if (decision.verdict === "deny") {
    const scheme = requestScheme(header, certificate !== undefined);
    const reply: LocalReply =
      decision.token === undefined
        ? localReply({ kind: "rbac-denied", details: record.details ?? "" })
        : localReply({ kind: "jwt-denied", challenge: tokenChallenge(scheme, head.authority, path) });
    return respond(reply, head, known, true);
  }
  const edit = inboundRequestEdit(header, {
    requestId: world.requestId,
    tls: certificate !== undefined,
    identity: world.certificate(proxy.workload).uriSans[0] ?? proxy.snapshot.identity,
    peer: certificate,
  });
  const forwarded = writeRequestHead(head, {
    target: path,
    edit: { ...edit, remove: new Set([...edit.remove, ...claimHeaders]) },
    framing: upstreamFraming(head),
    body: bytes.subarray(next),
  });
  const answer = world.programs(proxy.workload, arrival.port, { kind: "bytes", bytes: forwarded }, trace);
  if (answer.kind !== "http") {
    const reason = answer.kind === "refused" ? "remote connection failure" : "connection termination";
    const refused = answer.kind === "refused";
    const cause = {
      kind: "reset",
      reason,
      tries: refused ? 3 : 1,
      exhausted: refused,
      ...(refused ? { transport: "delayed connect error: Connection refused" } : {}),
    } as const;
    return respond(localReply(cause), head, { ...known, attempts: cause.tries }, true);
  }
  const responseEdit = inboundResponseEdit((name) => valuesOf(answer.headers, name), {
    serviceTimeMs: 0,
    date: paperDate,
    decorator: header("x-envoy-decorator-operation").length > 0 ? undefined : listener.decorator,
  });
  note({ ...known, code: answer.status, details: "via_upstream", attempts: 1 });
  return { ...answer, headers: applyEdit(answer.headers, responseEdit) };
}

export function applyEdit(
  headers: readonly (readonly [string, string])[],
  edit: HeaderEdit,
): readonly (readonly [string, string])[] {
  return [...headers.filter(([name]) => !edit.remove.has(name)), ...edit.add];
}

export function valuesOf(headers: readonly (readonly [string, string])[], name: string): readonly string[] {
  return headers.filter((entry) => entry[0] === name).map((entry) => entry[1]);
}

function factsOf(
  connection: Connection,
  certificate: CertificateClaim | undefined,
  head: RequestHead | undefined,
  path: string,
): RequestFacts {
  const peer: PeerFacts | undefined = certificate;
  return {
    layer: connection.chain.network,
    peer,
    sourceIp: connection.arrival.sourceIp,
    destinationIp: connection.proxy.workload.address,
    destinationPort: connection.arrival.port,
    sni: connection.sni,
    method: () => head?.method ?? "",
    authority: () => head?.authority ?? "",
    path: () => path,
    header: (name) => (head === undefined ? [] : headerValues(head, name)),
  };
}

function blank(proxy: PaperProxy, listener: InboundListener, chain: FilterChain | undefined): ProxyFacts {
  return {
    proxy: proxy.workload.id,
    side: "inbound",
    code: 0,
    details: undefined,
    flags: undefined,
    route: undefined,
    cluster: listener.cluster,
    peer: undefined,
    upstreamPeer: undefined,
    sni: undefined,
    attempts: 0,
    path: undefined,
    filterChain: chain?.name,
    termination: undefined,
    decision: undefined,
    because: [],
  };
}
