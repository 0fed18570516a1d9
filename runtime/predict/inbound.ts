import type { RequestFacts } from "../model/decision.ts";
import type { ConnectionSeen, FilterChain, InboundListener } from "../model/snapshot.ts";
import { chooseChain, refusalOf } from "../policy/chains.ts";
import { explain } from "../policy/explain.ts";
import { grpcCheck } from "../traffic/ext-authz/grpc-check.ts";
import { enteredHeader } from "../traffic/request-headers.ts";
import { headerReader, type RequestHead } from "../wire/http1/head.ts";
import { sniffHttp } from "../wire/sniff.ts";
import { entryContext } from "./entry.ts";
import { noRequest, unasked, withAnswers } from "../traffic/ext-authz/authorized.ts";
import { authorize, type Authorization, checkedConnection } from "./ext-authz.ts";
import { judgeCaller, shakeHands } from "./handshake.ts";
import { serveHttp } from "./inbound-http.ts";
import { dialOwnPod } from "./own-pod.ts";
import type { Answer, CertificateClaim, Payload, TlsSession } from "./payload.ts";
import type { ProxyFacts, Trace } from "./trace.ts";
import { serverAlpn, type PaperProxy, type PaperWorld } from "./world.ts";

export interface Arrival {
  readonly port: number;
  readonly sourceIp: string;
  readonly payload: Payload;
}

/** A connection at a workload port that a sidecar guards: sniff, chain, handshake, decision, program. */
export function receive(world: PaperWorld, proxy: PaperProxy, arrival: Arrival, trace: Trace): Answer {
  const listener = proxy.listener(arrival.port);
  const seen = inspect(listener, arrival.payload);
  if (seen === undefined) return { kind: "hang" };
  if (seen.protocols[0] === "too-long") return { kind: "closed" };
  const chain = chooseChain(listener, seen);
  const offer = arrival.payload.kind === "tls" ? arrival.payload.offer : undefined;
  const sni = listener.mode === "DISABLE" ? undefined : offer?.sni?.toLowerCase();
  const note = (facts: Partial<ProxyFacts>): void => {
    trace.proxies.push({ ...blank(proxy, listener, chain), sni, ...facts });
  };
  const connectionOf = (taken: FilterChain): Connection => ({
    world,
    proxy,
    arrival,
    trace,
    listener,
    chain: taken,
    note,
    facts: (certificate, head, path) => {
      const entry = entryContext(world, proxy, arrival.port, certificate);
      return {
        layer: taken.network,
        peer: certificate,
        sourceIp: arrival.sourceIp,
        destinationIp: proxy.workload.address,
        destinationPort: arrival.port,
        sni,
        method: () => head?.method ?? "",
        authority: () => head?.authority ?? "",
        path: () => path,
        header: head === undefined ? () => [] : enteredHeader(headerReader(head), entry, entry),
      };
    },
  });
  if (chain === undefined) {
    trace.refusal = {
      proxy: proxy.workload.id,
      reason: refusalOf(listener, seen.transport),
      because: listener.because,
    };
    note({
      flags: "NR",
      details: "filter_chain_not_found",
      cluster: undefined,
      because: listener.because,
      refusedAt: arrival.port,
    });
    return { kind: "closed", reset: true };
  }
  if (!chain.terminates || arrival.payload.kind !== "tls" || offer === undefined) {
    return serve(connectionOf(chain), arrival.payload, undefined, undefined);
  }

  const { trustDomains, minProtocolVersion } = proxy.snapshot.trust;
  const result = shakeHands(offer, {
    certificate: world.certificate(proxy.workload),
    alpn: serverAlpn[chain.network],
    needsAlpn: false,
    minVersion: minProtocolVersion === "TLSV1_3" ? 13 : 12,
    judge: (client) => judgeCaller(client, trustDomains),
  });
  if (result.kind === "tls-failed") {
    trace.refusal = { proxy: proxy.workload.id, reason: listener.mode, because: listener.because };
    return result;
  }
  return serve(connectionOf(chain), arrival.payload.inner, offer.certificate, result.session);
}

/** A connection whose chain is chosen. */
export interface Connection {
  readonly world: PaperWorld;
  readonly proxy: PaperProxy;
  readonly arrival: Arrival;
  readonly trace: Trace;
  readonly listener: InboundListener;
  readonly chain: FilterChain;
  readonly note: (facts: Partial<ProxyFacts>) => void;
  readonly facts: (peer: CertificateClaim | undefined, head: RequestHead | undefined, path: string) => RequestFacts;
}

/** What is known before a chain is chosen; undefined: not enough bytes, and nobody ever gives up waiting (errata security 23). */
function inspect(listener: InboundListener, payload: Payload): ConnectionSeen | undefined {
  if (payload.kind === "tls") {
    return { transport: "tls", protocols: listener.mode === "DISABLE" ? [] : payload.offer.alpn };
  }
  if (payload.kind === "h2") return { transport: "raw", protocols: ["h2c"] };
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

function isOpen(answer: Answer): answer is Exclude<Answer, { kind: "refused" | "tls-failed" }> {
  return answer.kind !== "refused" && answer.kind !== "tls-failed";
}

function serveTcp(connection: Connection, payload: Payload, certificate: CertificateClaim | undefined): Answer {
  const { world, proxy, arrival, trace, note, listener } = connection;
  const facts = connection.facts(certificate, undefined, "");
  const asked = authorizeTcp(connection, certificate, facts);
  const seen = asked === undefined ? facts : withAnswers(facts, asked.authorized);
  const decision = asked?.refusal?.decision ?? proxy.tcp(seen);
  const policies = proxy.snapshot.inbound.tcp;
  trace.judged.push({ proxy: proxy.workload.id, policies, decision, facts: seen });
  const record = explain(policies, decision, seen, listener);
  const known = {
    peer: certificate?.uriSans[0],
    decision: record,
    attempts: 1,
    cluster: listener.cluster,
    ...(asked === undefined ? {} : { extAuthz: asked.authorized.calls }),
  };
  if (decision.reason === "ext-authz-denied" || decision.reason === "ext-authz-error") {
    note({ ...known, details: record.details ?? undefined, flags: "UAEX" });
    return { kind: "closed" };
  }
  if (decision.verdict === "deny") {
    note({ ...known, termination: record.details ?? undefined });
    return { kind: "closed" };
  }
  const answer = dialOwnPod(world, proxy.workload, listener.appPort ?? arrival.port, payload, trace);
  // A program that cannot be reached is found out only behind the handshake (recorded: tcp-tls-routing/refused-behind-sidecar).
  if (answer.kind === "refused") {
    note({ ...known, peer: undefined, flags: "UF,URX" });
    return { kind: "closed" };
  }
  note(known);
  return answer;
}

function authorizeTcp(
  connection: Connection,
  certificate: CertificateClaim | undefined,
  facts: RequestFacts,
): Authorization | undefined {
  const { proxy } = connection;
  const next = proxy.custom.tcp;
  if (next === undefined) return undefined;
  return authorize(connection, {
    next,
    start: unasked(noRequest),
    facts: (authorized) => withAnswers(facts, authorized),
    check: (provider) =>
      grpcCheck(provider, proxy.workload.address, checkedConnection(connection, certificate), undefined),
  });
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
