import type { Cluster, Endpoint, OutboundListener, OutboundSection } from "../model/snapshot.ts";
import { normalizePath } from "../policy/normalize.ts";
import { isGrpc } from "../traffic/grpc.ts";
import { localReply, type LocalReply, type LocalReplyCause } from "../traffic/local-reply.ts";
import { editForTry, type ForwardPlan, type OutboundPlan } from "../traffic/outbound-plan.ts";
import { outboundResponseEdit } from "../traffic/response-headers.ts";
import { decideRetry, type RetryVerdict, type TryOutcome } from "../traffic/retry.ts";
import { defaultLimits, headerValues, type RequestHead } from "../wire/http1/head.ts";
import { offerFor } from "./client-tls.ts";
import { deliver } from "./deliver.ts";
import { applyEdit, closesAfter, localAnswer, paperDate, refusalOf, valuesOf } from "./http-answer.ts";
import { finished, isUpgradeAnswer } from "./inbound-http.ts";
import { type Message, serveMessages } from "./messages.ts";
import { chooseTarget, type Leaving, type Target } from "./leaving.ts";
import type { Answer, BytesPayload, Http2Payload, HttpAnswer, Payload } from "./payload.ts";
import type { ProxyFacts } from "./trace.ts";
import { type Judged, judgeAnswer, peerOf, sentAs, upstreamProtocol } from "./upstream.ts";
import { takeSlot } from "./world.ts";

/** The requests of a connection at the caller's sidecar. */
export function leaveHttp(leaving: Leaving, listener: OutboundListener, payload: BytesPayload | Http2Payload): Answer {
  const { note } = leaving;
  const section = leaving.proxy.snapshot.outbound;
  const protocol = payload.kind === "h2" ? "HTTP/2" : "HTTP/1.1";
  return serveMessages(payload, {
    limits: { ...defaultLimits, http10: section.options.http10 },
    serve: (message) => leaveRequest(leaving, listener, message),
    refuse: (error) => {
      const reply = refusalOf(error);
      note({ ...told(reply), protocol, path: error.head?.target });
      return localAnswer(reply, contextOf(section, error.head, undefined), error.close);
    },
    reset: (details) => {
      note({ details, flags: "DR", protocol });
    },
  });
}

function told(reply: LocalReply): Partial<ProxyFacts> {
  return { code: reply.status, details: reply.details, flags: reply.flags.join(",") || undefined };
}

function contextOf(
  { options }: OutboundSection,
  head: RequestHead | undefined,
  plan: OutboundPlan | undefined,
): Parameters<typeof localAnswer>[1] {
  return {
    options,
    grpc: head !== undefined && isGrpc((name) => headerValues(head, name)),
    head: head?.method === "HEAD",
    ...(plan === undefined ? {} : { operations: { phases: plan.responsePhases, facts: plan.facts } }),
  };
}

function leaveRequest(leaving: Leaving, listener: OutboundListener, message: Message): Answer {
  const { world, proxy, dialled, note } = leaving;
  const { head, protocol } = message;
  const normalized = normalizePath(head.target, proxy.snapshot.trust.pathNormalization);
  if (!normalized.ok) {
    const reply = localReply({ kind: "path-normalization-failed" });
    note({ ...told(reply), protocol, path: head.target });
    return localAnswer(reply, contextOf(proxy.snapshot.outbound, head, undefined), closesAfter(message));
  }
  const plan = proxy.outbound.plan(
    listener,
    {
      method: head.method,
      authority: head.authority,
      path: normalized.path,
      header: (name) => headerValues(head, name),
      requestId: world.requestId,
      upgrade: head.upgrade?.toLowerCase(),
      remoteAddress: `${proxy.workload.address}:0`,
      localAddress: `${dialled.address}:${dialled.port}`,
      localPort: dialled.port,
      protocol,
    },
    world.draw,
  );
  const path = plan.path === "" ? undefined : plan.path;
  const known = { path, route: plan.route?.name, cluster: plan.clusterName, protocol };
  if (plan.kind === "reply") {
    const answer = localAnswer(plan.reply, contextOf(proxy.snapshot.outbound, head, plan), closesAfter(message));
    note({ ...known, ...told(plan.reply), code: answer.status });
    return answer;
  }
  return forward(leaving, plan, message, (facts) => {
    note({ ...known, ...facts });
  });
}

/** Try after try, as the route's retry policy wants it. */
function forward(
  leaving: Leaving,
  plan: ForwardPlan,
  message: Message,
  note: (facts: Partial<ProxyFacts>) => void,
): Answer {
  const { proxy } = leaving;
  const { head } = message;
  const delayed = plan.delayMs > 0 ? ["DI"] : [];
  const answerSelf = (reply: LocalReply, facts: Partial<ProxyFacts>): HttpAnswer => {
    const flags = [...delayed, ...reply.flags].join(",") || undefined;
    note({ ...told(reply), code: plan.grpc ? 200 : reply.status, ...facts, flags });
    return localAnswer(reply, contextOf(proxy.snapshot.outbound, head, plan), closesAfter(message));
  };
  const cluster = proxy.snapshot.outbound.clusters[plan.clusterName];
  const slot = `${proxy.workload.id} ${plan.clusterName}`;
  if (cluster !== undefined && !takeSlot(leaving.world, slot, cluster.maxRequests)) {
    const overflow = { kind: "reset", reason: "overflow", tries: 1, exhausted: false } as const;
    return answerSelf(localReply(overflow), { attempts: 1 });
  }
  const tried = new Set<Endpoint>();
  let elapsedMs = 0;
  for (let attempt = 1; ; attempt += 1) {
    const target = cluster === undefined ? undefined : chooseTarget(leaving, cluster, tried);
    if (cluster === undefined || target === undefined) {
      return answerSelf(localReply({ kind: "no-healthy-upstream" }), { attempts: attempt });
    }
    if (target.endpoint !== undefined) tried.add(target.endpoint);
    const protocol = upstreamProtocol(cluster.http, message);
    const patience = patienceOf(plan, elapsedMs);
    const change = { target: plan.path, authority: plan.authority, edit: editForTry(plan, attempt, elapsedMs) };
    const request = sentAs(protocol, message, change, patience?.ms ?? message.patienceMs);
    const { answer, tls } = send(leaving, cluster, target, request, protocol, plan.authority);
    const facts = { attempts: attempt, upstreamPeer: peerOf(answer), upstreamProtocol: protocol };
    if (message.broken !== undefined) return answerSelf(refusalOf(message.broken), facts);

    let outcome: TryOutcome;
    let judged: Judged | undefined;
    if (answer.kind === "hang") {
      if (patience === undefined) {
        note({ ...facts, details: "downstream_remote_disconnect", flags: "DC" });
        return answer;
      }
      elapsedMs += patience.ms;
      if (patience.total) return answerSelf(localReply({ kind: "route-timeout" }), facts);
      outcome = { kind: "per-try-timeout" };
    } else {
      judged = judgeAnswer(answer, message, tls);
      outcome = outcomeOf(judged);
      elapsedMs += judged.kind === "answered" ? (judged.seen.delayMs ?? 0) : 0;
    }
    const verdict: RetryVerdict = decideRetry(plan.retry, outcome, attempt - 1);
    if (verdict === "retry") continue;
    const exhausted = verdict === "exhausted";
    if (judged?.kind !== "answered") {
      const reply = localReply(causeOf(judged, attempt, exhausted));
      const connected = judged?.kind !== "failed" || judged.reason !== "remote connection failure";
      return answerSelf(reply, connected ? facts : { attempts: attempt });
    }
    const { seen, details } = judged;
    const edit = outboundResponseEdit((name) => valuesOf(seen.headers, name), {
      serviceTimeMs: isUpgradeAnswer(seen, details) ? undefined : 0,
      date: paperDate,
      phases: plan.responsePhases,
      facts: plan.facts,
      options: plan.options,
    });
    const switched = seen.status === 101;
    const flags = [...delayed, ...(exhausted ? ["URX"] : []), ...(switched ? ["DC"] : [])].join(",");
    note({
      ...facts,
      code: seen.status,
      details: switched ? "downstream_remote_disconnect" : details,
      flags: flags || undefined,
    });
    const waited = plan.delayMs + elapsedMs;
    return finished(waited > 0 ? { ...seen, delayMs: waited } : seen, applyEdit(seen.headers, edit), message);
  }
}

function send(
  leaving: Leaving,
  cluster: Cluster,
  target: Target,
  request: Payload,
  protocol: "HTTP/1.1" | "HTTP/2",
  authority: string,
): { readonly answer: Answer; readonly tls: boolean } {
  const { world, proxy, trace } = leaving;
  const offer = offerFor(world, proxy, cluster, target.endpoint, protocol, authority);
  const payload: Payload = offer === undefined ? request : { kind: "tls", offer, inner: request };
  return { answer: deliver(world, proxy.workload.address, target, payload, trace), tls: offer !== undefined };
}

/** How long this try may take: the route's limit over all tries, or that of one (spec traffic 2.8, 2.9.6). */
function patienceOf(
  plan: ForwardPlan,
  elapsedMs: number,
): { readonly ms: number; readonly total: boolean } | undefined {
  const { routeMs, perTryMs } = plan.timeouts;
  const left = routeMs === undefined ? undefined : Math.max(0, routeMs - elapsedMs);
  if (perTryMs !== undefined && (left === undefined || perTryMs < left)) return { ms: perTryMs, total: false };
  return left === undefined ? undefined : { ms: left, total: true };
}

function outcomeOf(judged: Judged): TryOutcome {
  if (judged.kind === "failed") return { kind: "reset", reason: judged.reason, started: judged.started };
  const { seen } = judged;
  return { kind: "response", status: seen.status, header: (name) => valuesOf(seen.headers, name)[0] };
}

function causeOf(
  judged: Extract<Judged, { kind: "failed" }> | undefined,
  tries: number,
  exhausted: boolean,
): LocalReplyCause {
  if (judged === undefined) return { kind: "per-try-timeout", exhausted };
  return { kind: "reset", reason: judged.reason, tries, exhausted, transport: judged.transport };
}
