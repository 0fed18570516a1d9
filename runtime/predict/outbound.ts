import { assertNever } from "../core/assert-never.ts";
import type { Workload } from "../model/mesh.ts";
import type { Cluster, ClusterTls, Endpoint, OutboundListener } from "../model/snapshot.ts";
import { normalizePath } from "../policy/normalize.ts";
import { chooseEndpoint } from "../traffic/choose-endpoint.ts";
import { isGrpc } from "../traffic/grpc.ts";
import { blackHoleCluster } from "../traffic/listener.ts";
import { localReply, type LocalReply, type LocalReplyCause } from "../traffic/local-reply.ts";
import { editForTry, type ForwardPlan, type OutboundPlan } from "../traffic/outbound-plan.ts";
import { replyHead } from "../traffic/reply-head.ts";
import { outboundResponseEdit } from "../traffic/response-headers.ts";
import { decideRetry, type TryOutcome } from "../traffic/retry.ts";
import { hostOf } from "../traffic/virtual-host.ts";
import { headerValues, parseRequestHead, type RequestHead } from "../wire/http1/head.ts";
import { upstreamFraming, writeRequestHead } from "../wire/http1/write.ts";
import { sniffHttp } from "../wire/sniff.ts";
import { deliver } from "./deliver.ts";
import { judgeServer, resetByPeer, wrongVersion } from "./handshake.ts";
import { applyEdit, paperDate, valuesOf } from "./inbound.ts";
import type { Answer, Payload, TlsOffer } from "./payload.ts";
import type { ProxyFacts, Trace } from "./trace.ts";
import type { PaperProxy, PaperWorld } from "./world.ts";

interface Dialled {
  readonly address: string;
  readonly port: number;
}

interface Leaving {
  readonly world: PaperWorld;
  readonly proxy: PaperProxy;
  readonly dialled: Dialled;
  readonly trace: Trace;
}

/** A connection that a program behind a sidecar opens. */
export function leave(world: PaperWorld, proxy: PaperProxy, dialled: Dialled, payload: Payload, trace: Trace): Answer {
  const leaving = { world, proxy, dialled, trace };
  const listener = proxy.outbound.listener(dialled.address, dialled.port);
  if (listener === undefined || listener.protocol === "tcp" || payload.kind === "tls") {
    return leaveTcp(leaving, listener, payload);
  }
  const sniffed = sniffHttp(payload.bytes);
  if (sniffed === "need-more") return { kind: "hang" };
  if (sniffed === "too-long") return { kind: "closed" };
  if (sniffed === "http/1.1") return leaveHttp(leaving, listener, payload.bytes);
  return leaveTcp(leaving, listener, payload);
}

function leaveTcp(leaving: Leaving, listener: OutboundListener | undefined, payload: Payload): Answer {
  const { world, proxy, trace } = leaving;
  const name = proxy.outbound.fallback(listener);
  const cluster = proxy.snapshot.outbound.clusters[name];
  const note = (facts: Partial<ProxyFacts>): void => {
    trace.proxies.push({ ...blank(proxy), cluster: name, ...facts });
  };
  const target = cluster === undefined ? undefined : chooseTarget(leaving, cluster, undefined);
  if (cluster === undefined || target === undefined || name === blackHoleCluster) {
    note({ flags: "UH" });
    return { kind: "closed" };
  }
  const tls = offerFor(world, proxy, cluster, target.endpoint, "tcp", "");
  const sent: Payload = tls === undefined ? payload : { kind: "tls", offer: tls, inner: payload };
  const answer = deliver(world, proxy.workload.address, target, sent, trace);
  const failure = failureOf(answer, tls !== undefined);
  if (failure === undefined) {
    note({ attempts: 1, upstreamPeer: peerOf(answer) });
    // The caller's own TLS ends at the program; the proxy's is not its business.
    return tls === undefined ? answer : withoutTls(answer);
  }
  if (failure.reason === "connection termination") {
    const reset = answer.kind === "closed" && answer.reset === true;
    note({ attempts: 1, upstreamPeer: peerOf(answer), ...(reset ? { flags: "UR" } : {}) });
    return { kind: "closed" };
  }
  note({ attempts: 1, flags: "UF,URX" });
  return { kind: "closed" };
}

/** Takes the session of the proxies out of an answer; what the program's own TLS said stays. */
function withoutTls(answer: Answer): Answer {
  if (answer.kind === "hang" || answer.kind === "refused" || answer.kind === "tls-failed") return answer;
  const { tls, ...rest } = answer;
  return tls?.inside === undefined ? rest : { ...rest, tls: tls.inside };
}

function leaveHttp(leaving: Leaving, listener: OutboundListener, bytes: Buffer): Answer {
  const { world, proxy, dialled, trace } = leaving;
  const note = (facts: Partial<ProxyFacts>): void => {
    trace.proxies.push({ ...blank(proxy), ...facts });
  };
  const parsed = parseRequestHead(bytes, 0);
  if (parsed.kind === "incomplete") return { kind: "hang" };
  if (parsed.kind === "error") {
    const { status, body, details, flags, head } = parsed.error;
    note({ code: status, details, flags: flags === "-" ? undefined : flags, path: head?.target });
    const reply = {
      status,
      body,
      details,
      flags: [],
      headers: [],
      contentType: body === "" ? undefined : "text/plain",
    };
    return answerOf(reply, head, undefined);
  }
  const { head, next } = parsed;
  const normalized = normalizePath(head.target, proxy.snapshot.trust.pathNormalization);
  if (!normalized.ok) {
    const reply = localReply({ kind: "path-normalization-failed" });
    note({ code: reply.status, details: reply.details, path: head.target });
    return answerOf(reply, head, undefined);
  }
  const header = (name: string): readonly string[] => headerValues(head, name);
  const plan = proxy.outbound.plan(
    listener,
    {
      method: head.method,
      authority: head.authority,
      path: normalized.path,
      header,
      requestId: world.requestId,
      upgrade: head.upgrade?.toLowerCase(),
      remoteAddress: `${proxy.workload.address}:0`,
      localAddress: `${dialled.address}:${dialled.port}`,
      protocol: "HTTP/1.1",
    },
    world.draw,
  );
  const known = { path: plan.path, route: plan.route?.name, cluster: plan.clusterName };
  if (plan.kind === "reply") {
    note({
      ...known,
      code: plan.reply.status,
      details: plan.reply.details,
      flags: plan.reply.flags.join(",") || undefined,
    });
    return answerOf(plan.reply, head, plan);
  }
  return forward(leaving, plan, head, bytes.subarray(next), (facts) => {
    note({ ...known, ...facts });
  });
}

/** Try after try, as the route's retry policy wants it. */
function forward(
  leaving: Leaving,
  plan: ForwardPlan,
  head: RequestHead,
  body: Buffer,
  note: (facts: Partial<ProxyFacts>) => void,
): Answer {
  const { world, proxy, trace } = leaving;
  const cluster = proxy.snapshot.outbound.clusters[plan.clusterName];
  const reply = (cause: LocalReplyCause, attempts: number, upstreamPeer?: string): Answer => {
    const local = localReply(cause);
    note({
      code: plan.grpc ? 200 : local.status,
      details: local.details,
      flags: local.flags.join(",") || undefined,
      attempts,
      upstreamPeer,
    });
    return answerOf(local, head, plan);
  };
  const tried = new Set<Endpoint>();
  for (let attempt = 1; ; attempt += 1) {
    const target = cluster === undefined ? undefined : chooseTarget(leaving, cluster, tried);
    if (cluster === undefined || target === undefined) return reply({ kind: "no-healthy-upstream" }, attempt - 1);
    if (target.endpoint !== undefined) tried.add(target.endpoint);
    const tls = offerFor(world, proxy, cluster, target.endpoint, "http", plan.authority);
    const bytes = writeRequestHead(head, {
      target: plan.path,
      authority: plan.authority,
      edit: editForTry(plan, attempt, 0),
      framing: upstreamFraming(head),
      body,
    });
    const payload: Payload = { kind: "bytes", bytes };
    const sent: Payload = tls === undefined ? payload : { kind: "tls", offer: tls, inner: payload };
    const answer = deliver(world, proxy.workload.address, target, sent, trace);
    if (answer.kind === "hang") {
      note({ code: 0, attempts: attempt });
      return answer;
    }
    const failure = failureOf(answer, tls !== undefined);
    const outcome: TryOutcome =
      failure !== undefined
        ? { kind: "reset", reason: failure.reason, started: failure.reason === "connection termination" }
        : answer.kind === "http"
          ? { kind: "response", status: answer.status, header: (name) => valuesOf(answer.headers, name)[0] }
          : { kind: "reset", reason: "protocol error", started: true };
    const verdict = decideRetry(plan.retry, outcome, attempt - 1);
    if (verdict === "retry") continue;
    const exhausted = verdict === "exhausted";
    if (outcome.kind === "reset") {
      return reply(
        { kind: "reset", reason: outcome.reason, tries: attempt, exhausted, transport: failure?.transport ?? "" },
        attempt,
        failure?.reason === "connection termination" ? peerOf(answer) : undefined,
      );
    }
    if (answer.kind !== "http") return { kind: "closed" };
    const edit = outboundResponseEdit((name) => valuesOf(answer.headers, name), {
      serviceTimeMs: 0,
      date: paperDate,
      phases: plan.responsePhases,
      facts: plan.facts,
    });
    note({
      code: answer.status,
      details: "via_upstream",
      flags: exhausted ? "URX" : undefined,
      attempts: attempt,
      upstreamPeer: peerOf(answer),
    });
    return { kind: "http", status: answer.status, headers: applyEdit(answer.headers, edit), body: answer.body };
  }
}

function answerOf(reply: LocalReply, head: RequestHead | undefined, plan: OutboundPlan | undefined): Answer {
  const { status, headers, body } = replyHead(reply, {
    server: "envoy",
    date: paperDate,
    grpc: head !== undefined && isGrpc((name) => headerValues(head, name)),
    head: head?.method === "HEAD",
    ...(plan === undefined ? {} : { operations: { phases: plan.responsePhases, facts: plan.facts } }),
  });
  return { kind: "http", status, headers, body };
}

interface Failure {
  readonly reason: "remote connection failure" | "connection termination";
  readonly transport: string;
}

/** How a proxy sees an answer that is none. */
function failureOf(answer: Answer, tls: boolean): Failure | undefined {
  switch (answer.kind) {
    case "tls-failed":
      return answer.late
        ? { reason: "connection termination", transport: "" }
        : { reason: "remote connection failure", transport: answer.text };
    case "refused":
      return { reason: "remote connection failure", transport: "delayed connect error: Connection refused" };
    case "closed":
      return tls && answer.tls === undefined
        ? { reason: "remote connection failure", transport: resetByPeer }
        : { reason: "connection termination", transport: "" };
    case "http":
    case "bytes":
      return tls && answer.tls === undefined
        ? { reason: "remote connection failure", transport: wrongVersion }
        : undefined;
    case "hang":
      return undefined;
    default:
      return assertNever(answer);
  }
}

function peerOf(answer: Answer): string | undefined {
  if (answer.kind === "tls-failed") return answer.session?.server.uriSans[0];
  return "tls" in answer ? answer.tls?.server.uriSans[0] : undefined;
}

interface Target {
  readonly address: string;
  readonly port: number;
  readonly endpoint: Endpoint | undefined;
}

function chooseTarget(
  leaving: Leaving,
  cluster: Cluster,
  tried: ReadonlySet<Endpoint> | undefined,
): Target | undefined {
  const { dialled } = leaving;
  const isOriginal = cluster.discovery === "original-destination" || cluster.name === "PassthroughCluster";
  if (isOriginal) {
    const endpoint = cluster.endpoints.find((each) => each.address === dialled.address && each.port === dialled.port);
    return { ...dialled, endpoint };
  }
  const endpoint = chooseEndpoint(cluster, 0, tried);
  return endpoint === undefined ? undefined : { address: endpoint.address, port: endpoint.port, endpoint };
}

const meshAlpn = { http: ["istio-http/1.1", "istio", "http/1.1"], tcp: ["istio-peer-exchange", "istio"] } as const;

/** The TLS that a cluster starts towards an endpoint; undefined: none. */
function offerFor(
  world: PaperWorld,
  proxy: PaperProxy,
  cluster: Cluster,
  endpoint: Endpoint | undefined,
  network: "http" | "tcp",
  authority: string,
): TlsOffer | undefined {
  const { tls } = cluster;
  if (tls.mode === "none") return undefined;
  if (tls.mode === "auto" && endpoint?.mtls !== true) return undefined;
  if (tls.mode === "simple" || tls.mode === "mutual") return originated(world, proxy.workload, tls, authority);
  return {
    alpn: meshAlpn[network],
    sni: tls.sni,
    certificate: world.certificate(proxy.workload),
    minVersion: 12,
    maxVersion: 13,
    judge: (server) => judgeServer(server, "mesh", tls.subjectAltNames),
  };
}

function originated(
  world: PaperWorld,
  client: Workload,
  tls: Extract<ClusterTls, { readonly mode: "simple" | "mutual" }>,
  authority: string,
): TlsOffer {
  const host = hostOf(authority);
  const names =
    tls.subjectAltNames.length > 0 ? tls.subjectAltNames : tls.sni === undefined && host !== "" ? [host] : [];
  return {
    alpn: [],
    sni: tls.sni ?? (host === "" ? undefined : host),
    certificate: tls.certFile === undefined ? undefined : world.certificateOf(tls.certFile, client),
    minVersion: 12,
    maxVersion: 13,
    judge: (server) => (tls.skipVerify ? undefined : judgeServer(server, world.issuerOf(tls.caFile), names)),
  };
}

function blank(proxy: PaperProxy): ProxyFacts {
  return {
    proxy: proxy.workload.id,
    side: "outbound",
    code: 0,
    details: undefined,
    flags: undefined,
    route: undefined,
    cluster: undefined,
    peer: undefined,
    upstreamPeer: undefined,
    sni: undefined,
    attempts: 0,
    path: undefined,
    filterChain: undefined,
    termination: undefined,
    decision: undefined,
    because: [],
  };
}
