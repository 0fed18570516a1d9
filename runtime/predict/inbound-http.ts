import type { DecisionRecord } from "../model/decision.ts";
import type { TokenOutcome } from "../model/jwt.ts";
import { explain } from "../policy/explain.ts";
import { normalizePath } from "../policy/normalize.ts";
import { decidedFacts } from "../policy/decide.ts";
import { withToken } from "../policy/jwt/edit.ts";
import { tokenRefusal } from "../policy/jwt/refusal.ts";
import { isGrpc } from "../traffic/grpc.ts";
import { localReply, type LocalReply } from "../traffic/local-reply.ts";
import { inboundRequestEdit } from "../traffic/request-headers.ts";
import { inboundResponseEdit } from "../traffic/response-headers.ts";
import { decideRetry, inboundRetryPolicy } from "../traffic/retry.ts";
import { defaultLimits, headerValues, type RequestHead } from "../wire/http1/head.ts";
import { applyEdit, closesAfter, localAnswer, paperDate, refusalOf, valuesOf } from "./http-answer.ts";
import type { Connection } from "./inbound.ts";
import { type Message, serveMessages } from "./messages.ts";
import { dialOwnPod } from "./own-pod.ts";
import type { Answer, CertificateClaim, HttpAnswer, Payload } from "./payload.ts";
import type { ProxyFacts } from "./trace.ts";
import { judgeAnswer, sentAs, upstreamProtocol } from "./upstream.ts";
import { takeSlot } from "./world.ts";

/** The requests of a connection at the server's sidecar. */
export function serveHttp(connection: Connection, payload: Payload, certificate: CertificateClaim | undefined): Answer {
  const peer = certificate?.uriSans[0];
  // TLS inside an HTTP chain is nothing that a request could begin with.
  const sent = payload.kind === "tls" ? ({ kind: "bytes", bytes: Buffer.from([0x16, 3, 1]) } as const) : payload;
  const protocol = sent.kind === "h2" ? "HTTP/2" : "HTTP/1.1";
  const limits = { ...defaultLimits, http10: connection.proxy.snapshot.inbound.options.http10 };
  return serveMessages(sent, {
    limits,
    serve: (message) => serveRequest(connection, message, certificate),
    refuse: (error) => {
      const reply = refusalOf(error);
      const answer = localAnswer(reply, contextOf(connection, error.head, false), error.close);
      const path = error.head?.target;
      const facts = { ...told(reply), code: answer.status, peer, protocol, cluster: undefined };
      connection.note({ ...facts, path: path === "" ? undefined : path });
      return answer;
    },
    reset: (details) => {
      connection.note({ peer, details, flags: "DR", protocol, cluster: undefined });
    },
  });
}

function told(reply: LocalReply): Partial<ProxyFacts> {
  return { code: reply.status, details: reply.details, flags: reply.flags.join(",") || undefined };
}

function contextOf(
  connection: Connection,
  head: RequestHead | undefined,
  decorated: boolean,
): Parameters<typeof localAnswer>[1] {
  const { decorator } = connection.listener;
  const named = head !== undefined && decorated && headerValues(head, "x-envoy-decorator-operation").length === 0;
  return {
    options: connection.proxy.snapshot.inbound.options,
    grpc: head !== undefined && isGrpc((name) => headerValues(head, name)),
    head: head?.method === "HEAD",
    ...(named && decorator !== undefined ? { decorator } : {}),
  };
}

function serveRequest(connection: Connection, message: Message, certificate: CertificateClaim | undefined): Answer {
  const { proxy, note } = connection;
  const { head } = message;
  const peer = certificate?.uriSans[0];
  const header = (name: string): readonly string[] => headerValues(head, name);
  const common = { peer, protocol: message.protocol };
  const respond = (reply: LocalReply, facts: Partial<ProxyFacts>, decorated: boolean): HttpAnswer => {
    const answer = localAnswer(reply, contextOf(connection, head, decorated), closesAfter(message));
    note({ ...told(reply), ...common, code: answer.status, ...facts });
    return answer;
  };
  const normalized = normalizePath(head.target, proxy.snapshot.trust.pathNormalization);
  if (!normalized.ok) {
    return respond(localReply({ kind: "path-normalization-failed" }), { path: head.target, cluster: undefined }, false);
  }
  const { path } = normalized;
  if (head.method === "CONNECT") return respond(localReply({ kind: "route-not-found" }), { cluster: undefined }, false);
  if (head.upgrade !== undefined && head.upgrade.toLowerCase() !== "websocket") {
    return respond(localReply({ kind: "upgrade-failed" }), { path, route: "default" }, false);
  }
  const { inbound } = proxy.snapshot;
  const facts = connection.facts(certificate, head, path);
  const decision = proxy.http(facts);
  const { token } = decision;
  const record = explain(inbound.http, decision, decidedFacts(facts, inbound, decision));
  const passed = token?.changes.path ?? path;
  const known = { path: passed, route: "default", decision: record, jwt: token?.claims };
  if (decision.verdict === "deny") {
    const refused = decision.reason === "jwt" ? token : undefined;
    const tls = certificate !== undefined;
    const reply =
      refused === undefined
        ? localReply({ kind: "rbac-denied", details: record.details ?? "" })
        : localReply({
            kind: "jwt-denied",
            ...tokenRefusal(refused, { authority: head.authority, path, tls, header }),
          });
    return respond(reply, known, true);
  }
  return forward(connection, message, { path: passed, certificate, record, token }, respond);
}

interface Allowed {
  /** Without the parameters that carried tokens. */
  readonly path: string;
  readonly certificate: CertificateClaim | undefined;
  readonly record: DecisionRecord;
  readonly token: TokenOutcome | undefined;
}

/** To the own application; a connection that fails before the request was sent is tried again (spec traffic 2.9.11, errata A15). */
function forward(
  connection: Connection,
  message: Message,
  allowed: Allowed,
  respond: (reply: LocalReply, facts: Partial<ProxyFacts>, decorated: boolean) => HttpAnswer,
): Answer {
  const { world, proxy, arrival, trace, listener, note } = connection;
  const { head } = message;
  const { path, certificate, record, token } = allowed;
  const header = (name: string): readonly string[] => headerValues(head, name);
  const edit = inboundRequestEdit(header, {
    requestId: world.requestId,
    port: arrival.port,
    options: proxy.snapshot.inbound.options,
    tls: certificate !== undefined,
    identity: world.certificate(proxy.workload).uriSans[0] ?? proxy.snapshot.identity,
    peer: certificate,
  });
  const http = upstreamProtocol(listener.http, message);
  const sent = sentAs(http, message, {
    target: path,
    authority: head.authority,
    edit: withToken(edit, proxy.snapshot.inbound.jwt, token),
  });
  const known = {
    path,
    route: "default",
    decision: record,
    jwt: token?.claims,
    peer: certificate?.uriSans[0],
    protocol: message.protocol,
    upstreamProtocol: http,
  };
  if (!takeSlot(world, `${proxy.workload.id} ${listener.cluster}`, listener.maxRequests)) {
    const overflow = { kind: "reset", reason: "overflow", tries: 1, exhausted: false } as const;
    return respond(localReply(overflow), { ...known, upstreamProtocol: undefined, attempts: 1 }, true);
  }
  for (let attempt = 1; ; attempt += 1) {
    const answer = dialOwnPod(world, proxy.workload, listener.appPort ?? arrival.port, sent, trace);
    const attempts = { ...known, attempts: attempt };
    if (message.broken !== undefined) return respond(refusalOf(message.broken), attempts, true);
    if (answer.kind === "hang") {
      note({ ...attempts, details: "downstream_remote_disconnect", flags: "DC" });
      return answer;
    }
    const judged = judgeAnswer(answer, message, false);
    if (judged.kind === "failed") {
      const { reason, transport, started } = judged;
      const verdict = decideRetry(inboundRetryPolicy, { kind: "reset", reason, started }, attempt - 1);
      if (verdict === "retry") continue;
      const exhausted = verdict === "exhausted";
      const cause = { kind: "reset", reason, tries: attempt, exhausted, transport } as const;
      const unconnected = reason === "remote connection failure" ? { upstreamProtocol: undefined } : {};
      return respond(localReply(cause), { ...attempts, ...unconnected }, true);
    }
    const { seen, details } = judged;
    const decorator = header("x-envoy-decorator-operation").length > 0 ? undefined : listener.decorator;
    const responseEdit = inboundResponseEdit((name) => valuesOf(seen.headers, name), {
      serviceTimeMs: isUpgradeAnswer(seen, details) ? undefined : 0,
      date: paperDate,
      decorator,
      options: proxy.snapshot.inbound.options,
    });
    const switched = seen.status === 101;
    note({
      ...attempts,
      code: seen.status,
      details: switched ? "downstream_remote_disconnect" : details,
      flags: switched ? "DC" : undefined,
    });
    return finished(seen, applyEdit(seen.headers, responseEdit), message);
  }
}

/** Answers to upgrades tell no service time: neither the 101 nor what stands for one that never came. */
export function isUpgradeAnswer(seen: HttpAnswer, details: string): boolean {
  return seen.status === 101 || details !== "via_upstream";
}

/** An answer as it leaves the proxy. */
export function finished(seen: HttpAnswer, headers: HttpAnswer["headers"], message: Message): HttpAnswer {
  const { kind, status, body, trailers, interim, delayMs, tunnel } = seen;
  return {
    kind,
    status,
    headers,
    body,
    ...(trailers === undefined ? {} : { trailers }),
    ...(interim === undefined ? {} : { interim }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(tunnel === undefined ? {} : { tunnel }),
    ...(closesAfter(message) && status !== 101 ? { close: true } : {}),
  };
}
