import type { RequestFacts } from "../model/decision.ts";
import type { TokenOutcome } from "../model/jwt.ts";
import type { HeaderEdit } from "../model/header-edit.ts";
import { explain } from "../policy/explain.ts";
import { normalizePath } from "../policy/normalize.ts";
import { decidedFacts } from "../policy/decide.ts";
import { withToken } from "../policy/jwt/edit.ts";
import { requestScheme, tokenRefusal } from "../policy/jwt/refusal.ts";
import { type Authorized, unasked, withAnswers } from "../traffic/ext-authz/authorized.ts";
import { grpcCheck } from "../traffic/ext-authz/grpc-check.ts";
import { httpCheck } from "../traffic/ext-authz/http-check.ts";
import { editOf, invalidHeader, seenRequest } from "../traffic/ext-authz/seen-request.ts";
import { isGrpc } from "../traffic/grpc.ts";
import { localReply, type LocalReply } from "../traffic/local-reply.ts";
import { inboundRequestEdit } from "../traffic/request-headers.ts";
import { inboundResponseEdit } from "../traffic/response-headers.ts";
import { decideRetry, inboundRetryPolicy } from "../traffic/retry.ts";
import { defaultLimits, headerEntries, headerValues, type RequestHead } from "../wire/http1/head.ts";
import { applyEdit, closesAfter, localAnswer, paperDate, refusalOf, valuesOf } from "./http-answer.ts";
import { entryContext } from "./entry.ts";
import { authorize, type Authorization, checkedConnection } from "./ext-authz.ts";
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

type Respond = (reply: LocalReply, facts: Partial<ProxyFacts>, decorated: boolean, said?: Authorized) => HttpAnswer;

function serveRequest(connection: Connection, message: Message, certificate: CertificateClaim | undefined): Answer {
  const { proxy, note } = connection;
  const { head } = message;
  const peer = certificate?.uriSans[0];
  const header = (name: string): readonly string[] => headerValues(head, name);
  const common = { peer, protocol: message.protocol };
  const respond: Respond = (reply, facts, decorated, said) => {
    const context = { ...contextOf(connection, head, decorated), changes: said?.responses };
    const answer = localAnswer(reply, context, closesAfter(message));
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
  const entry = inboundRequestEdit(header, entryContext(connection.world, proxy, connection.arrival.port, certificate));
  const asked = authorizeHttp(connection, message, path, certificate, entry);
  const authorized = asked?.authorized;
  const plain = connection.facts(certificate, head, path);
  const seen = authorized === undefined ? plain : factsOf(plain, authorized);
  const decision = asked?.refusal?.decision ?? proxy.http(seen);
  const { token } = decision;
  const facts = decidedFacts(seen, inbound, decision);
  connection.trace.judged.push({ proxy: proxy.workload.id, policies: inbound.http, decision, facts });
  const record = explain(inbound.http, decision, facts, connection.listener);
  const calls = authorized === undefined || authorized.calls.length === 0 ? {} : { extAuthz: authorized.calls };
  const entered = authorized?.seen.path ?? path;
  const passed = token?.changes.path ?? entered;
  const known = { path: passed, route: "default", decision: record, jwt: token?.claims, ...calls };
  const cause = asked?.refusal?.cause;
  if (cause !== undefined) return respond(localReply(cause), known, true);
  if (decision.verdict === "deny") {
    const refused = decision.reason === "jwt" ? token : undefined;
    const tls = certificate !== undefined;
    const authority = authorized?.seen.authority ?? head.authority;
    const reply =
      refused === undefined
        ? localReply({ kind: "rbac-denied", details: record.details ?? "" })
        : localReply({ kind: "jwt-denied", ...tokenRefusal(refused, { authority, path: entered, tls, header }) });
    return respond(reply, known, true, authorized);
  }
  const spoiled = authorized === undefined ? undefined : invalidHeader(authorized.seen);
  if (spoiled !== undefined)
    return respond(localReply({ kind: "invalid-request-header", text: spoiled }), known, true, authorized);
  const { method, authority } = authorized?.seen ?? head;
  const changed = { ...message, head: { ...head, method } };
  const edit = authorized === undefined ? entry : editOf(authorized.seen, entry);
  return forward(connection, changed, { known, authority, edit, certificate, authorized, token }, respond);
}

function factsOf(plain: RequestFacts, authorized: Authorized): RequestFacts {
  const { seen } = authorized;
  return {
    ...withAnswers(plain, authorized),
    method: () => seen.method,
    authority: () => seen.authority,
    path: () => seen.path,
    header: (name) => valuesOf(seen.headers, name),
  };
}

/** Undefined: no CUSTOM policy is there. */
function authorizeHttp(
  connection: Connection,
  message: Message,
  path: string,
  certificate: CertificateClaim | undefined,
  entry: HeaderEdit,
): Authorization | undefined {
  const { proxy } = connection;
  const { head, body: sent, whole, protocol } = message;
  const next = proxy.custom.http;
  if (next === undefined) return undefined;
  const scheme = head.scheme ?? requestScheme((name) => headerValues(head, name), certificate !== undefined);
  const came = { method: head.method, path, authority: head.authority, scheme, headers: headerEntries(head) };
  const plain = connection.facts(certificate, head, path);
  return authorize(connection, {
    next,
    start: unasked(seenRequest(came, entry)),
    facts: (authorized) => factsOf(plain, authorized),
    check: (provider, { seen }) => {
      const limits = provider.body;
      const told = limits !== undefined && head.upgrade === undefined && (sent.length > 0 || !whole);
      if (told && sent.length > limits.maxBytes && !limits.allowPartial) return "too-large";
      const body = told
        ? { bytes: sent.subarray(0, limits.maxBytes), partial: sent.length > limits.maxBytes || !whole }
        : undefined;
      if (provider.http !== undefined) return httpCheck(provider, provider.http, seen, body);
      const stream = { at: 0, id: "0", protocol, size: sent.length };
      const caller = checkedConnection(connection, certificate);
      return grpcCheck(provider, proxy.workload.address, caller, { seen, stream, body });
    },
  });
}

interface Allowed {
  readonly known: Partial<ProxyFacts> & { readonly path: string };
  readonly authority: string;
  readonly edit: HeaderEdit;
  readonly certificate: CertificateClaim | undefined;
  readonly authorized: Authorized | undefined;
  readonly token: TokenOutcome | undefined;
}

/** To the own application; a connection that fails before the request was sent is tried again (spec traffic 2.9.11, errata A15). */
function forward(connection: Connection, message: Message, allowed: Allowed, answerSelf: Respond): Answer {
  const { world, proxy, arrival, trace, listener, note } = connection;
  const { head } = message;
  const { certificate, edit, authority, authorized, token } = allowed;
  const header = (name: string): readonly string[] => headerValues(head, name);
  const respond = (reply: LocalReply, facts: Partial<ProxyFacts>, decorated: boolean): HttpAnswer =>
    answerSelf(reply, facts, decorated, authorized);
  const http = upstreamProtocol(listener.http, message);
  const sent = sentAs(http, message, {
    target: allowed.known.path,
    authority,
    edit: withToken(edit, proxy.snapshot.inbound.jwt, token),
  });
  const known = {
    ...allowed.known,
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
      changes: authorized?.responses,
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
