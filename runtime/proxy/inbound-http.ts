import type { Decision } from "../model/decision.ts";
import type { HttpVersion } from "../model/event.ts";
import { normalizePath } from "../policy/normalize.ts";
import { withToken } from "../policy/jwt/edit.ts";
import { tokenRefusal } from "../policy/jwt/refusal.ts";
import { inboundRequestEdit } from "../traffic/request-headers.ts";
import { inboundResponseEdit } from "../traffic/response-headers.ts";
import { isGrpc } from "../traffic/grpc.ts";
import { replyHead } from "../traffic/reply-head.ts";
import type { ReplyHead } from "../traffic/reply-head.ts";
import { localReply } from "../traffic/local-reply.ts";
import type { LocalReply, LocalReplyCause } from "../traffic/local-reply.ts";
import { inboundRetryPolicy } from "../traffic/retry.ts";
import type { CodecError } from "../wire/http1/error.ts";
import { hasHeader, headerValue, headerValues } from "../wire/http1/head.ts";
import type { Binding } from "./binding.ts";
import type { Tracked } from "./context.ts";
import { compactHead } from "./compact-head.ts";
import { deafSink } from "./deaf-sink.ts";
import { acquireApp, refuseOverflow, versionFor } from "./acquire.ts";
import { denialDetails, httpFacts } from "./facts.ts";
import { follow } from "./follow.ts";
import { forward } from "./forward.ts";
import type { Exchange, RequestSink } from "./exchange.ts";
import { serveHttp } from "./http-server.ts";
import { isStillAccepted } from "./inbound-connection.ts";
import type { InboundConnection } from "./inbound-connection.ts";
import { refuseHead } from "./refuse-head.ts";

/** Applications close idle connections after a few seconds (Node after five): ours go first. */
const appIdleMs = 3000;

interface Told {
  readonly status: number;
  readonly flags: readonly string[];
  readonly details: string;
  readonly bytesOut: number;
  readonly attempts: number;
  readonly upstreamMs: number;
  readonly reached: boolean;
  /** Whether it came as far as to have a route. */
  readonly routed: boolean;
}

/** HTTP from a caller to the own application: decide, tell who called, pass on (spec security §12.8). */
export function serveInboundHttp(connection: InboundConnection): void {
  const { sidecar, socket, tls } = connection;
  let doomed = false;

  const server = serveHttp({
    socket,
    early: connection.early,
    alpn: tls?.alpn ?? null,
    clock: sidecar.shared.clock,
    http10: sidecar.binding().inbound.section.options.http10,
    onRequest: (exchange) => {
      if (doomed) {
        exchange.abort();
        return deafSink;
      }
      return handle(connection, follower.binding(), exchange);
    },
    onRefused: (error, protocol) => refuse(connection, error, protocol),
    onClose: () => {
      sidecar.tracked.delete(tracked);
      follower.end();
    },
  });

  const follower = follow(connection, {
    obey: (next) => {
      if (isStillAccepted(connection, next)) return;
      doomed = true;
      server.retire();
    },
    drain: server.drain,
    cut: server.destroy,
  });
  const tracked: Tracked = { recheck: follower.recheck, close: server.destroy };
  sidecar.tracked.add(tracked);
  server.start();
}

function handle(connection: InboundConnection, binding: Binding, exchange: Exchange): RequestSink {
  const { sidecar, listener, tls } = connection;
  const { shared } = sidecar;
  const { options } = binding.inbound.section;
  const { head } = exchange;
  const header = (name: string): readonly string[] => headerValues(head, name);
  const requestId = headerValue(head, "x-request-id") || shared.uuid();
  const grpc = isGrpc(header);
  const decorator = hasHeader(head, "x-envoy-decorator-operation") ? undefined : listener.decorator;
  let path = head.target;
  let decision: Decision | undefined;
  let over = false;
  let letGo: (() => void) | undefined;

  function tell(told: Told): void {
    over = true;
    letGo?.();
    record(connection, binding, exchange, told, { path, requestId, decision });
  }

  function replyWith(reply: LocalReply, withDecorator: boolean): Told {
    const answered = replyHead(reply, {
      options,
      date: shared.date(),
      grpc,
      head: head.method === "HEAD",
      ...(withDecorator && decorator !== undefined ? { decorator } : {}),
    });
    exchange.reply(answered, !withDecorator);
    return {
      status: answered.status,
      flags: reply.flags,
      details: reply.details,
      bytesOut: Buffer.byteLength(answered.body),
      attempts: 0,
      upstreamMs: 0,
      reached: false,
      routed: reply.details !== "path_normalization_failed" && reply.details !== "route_not_found",
    };
  }

  function answer(cause: LocalReplyCause, withDecorator: boolean): RequestSink {
    tell(replyWith(localReply(cause), withDecorator));
    return deafSink;
  }

  const normalized = normalizePath(head.target, binding.snapshot.trust.pathNormalization);
  if (!normalized.ok) return answer({ kind: "path-normalization-failed" }, false);
  path = normalized.path;
  if (head.upgrade !== undefined && head.upgrade.toLowerCase() !== "websocket")
    return answer({ kind: "upgrade-failed" }, false);

  const { set, decide } = binding.inbound.http;
  const facts = httpFacts(connection.facts, head, path);
  const verdict = decide(facts);
  decision = verdict;
  path = verdict.token?.changes.path ?? path;
  const counts = shared.reporter.counts(sidecar.proxy);
  if (verdict.verdict === "deny") {
    counts.denied += 1;
    if (verdict.reason === "jwt" && verdict.token !== undefined) {
      const asked = { authority: head.authority, path: normalized.path, tls: tls !== undefined, header };
      return answer({ kind: "jwt-denied", ...tokenRefusal(verdict.token, asked) }, true);
    }
    return answer({ kind: "rbac-denied", details: denialDetails(set, verdict) }, true);
  }
  counts.allowed += 1;
  if (head.method === "CONNECT") return answer({ kind: "route-not-found" }, false);

  const plain = inboundRequestEdit(header, {
    requestId,
    port: connection.port,
    options,
    tls: tls !== undefined,
    identity: binding.snapshot.identity,
    peer: tls?.forwarded,
  });
  const edit = withToken(plain, binding.inbound.section.jwt, verdict.token);
  const target = binding.inbound.listener(connection.port);
  let slot: (() => void) | undefined;
  return forward({
    exchange,
    clock: shared.clock,
    draw: shared.draw,
    acquire: (_attempt, _fresh, done) => {
      slot ??= sidecar.slots.take(target.cluster, target.maxRequests);
      if (slot === undefined) return refuseOverflow(done);
      return acquireApp(sidecar, target.appPort ?? connection.port, versionFor(target.http, exchange), done);
    },
    release: (used) => {
      sidecar.upstreams.give(used, appIdleMs);
    },
    change: () => ({ target: path, authority: head.authority, edit }),
    retry: grpc ? undefined : inboundRetryPolicy,
    timeouts: { routeMs: undefined, perTryMs: undefined, grpc },
    responseEdit: (response, serviceTimeMs) =>
      inboundResponseEdit((name) => headerValues(response, name), {
        serviceTimeMs,
        date: shared.date(),
        decorator,
        options,
      }),
    reply: (cause) => {
      const told = replyWith(localReply(cause), true);
      return { status: told.status, flags: told.flags, details: told.details, bytes: told.bytesOut };
    },
    upgrade: head.upgrade !== undefined,
    onTunnel: (close) => {
      if (over) return;
      // No further request comes that could be refused: like a TCP connection it is decided again under every snapshot.
      const asked = httpFacts(connection.facts, compactHead(head), normalized.path);
      const follower = follow(connection, {
        obey: (next) => {
          if (isStillAccepted(connection, next) && next.inbound.http.decide(asked).verdict === "allow") return;
          close();
        },
        drain: () => undefined,
        cut: close,
      });
      const held: Tracked = { recheck: follower.recheck, close };
      letGo = () => {
        sidecar.tracked.delete(held);
        follower.end();
      };
      sidecar.tracked.add(held);
      held.recheck(sidecar.binding());
    },
    onDone: (result) => {
      slot?.();
      if (over) return;
      tell({
        status: result.status,
        flags: result.flags,
        details: result.details,
        bytesOut: result.bytesOut,
        attempts: result.attempts,
        upstreamMs: result.upstreamMs,
        reached: result.connection !== undefined,
        routed: true,
      });
    },
  });
}

interface Asked {
  readonly path: string;
  readonly requestId: string;
  readonly decision: Decision | undefined;
}

function record(
  connection: InboundConnection,
  binding: Binding,
  exchange: Exchange,
  outcome: Told,
  asked: Asked,
): void {
  const { sidecar, listener, tls } = connection;
  const { reporter, clock } = sidecar.shared;
  const { head } = exchange;
  const counts = reporter.counts(sidecar.proxy);
  counts.requests += 1;
  if (outcome.status >= 500) counts.failed += 1;
  reporter.exchange({
    at: clock.now(),
    generation: binding.generation,
    proxy: sidecar.proxy,
    side: "inbound",
    protocol: exchange.protocol,
    from: connection.from,
    to: connection.to,
    method: head.method,
    authority: head.authority,
    path: asked.path,
    originalPath: asked.path === head.target ? null : head.target,
    requestId: asked.requestId,
    status: outcome.status,
    flags: outcome.flags.length === 0 ? "-" : outcome.flags.join(","),
    details: outcome.details,
    handshake: tls?.handshake ?? null,
    route: outcome.routed ? "default" : null,
    routeAt: null,
    cluster: outcome.routed ? listener.cluster : null,
    endpoint: outcome.reached ? connection.to.address : null,
    attempts: outcome.attempts,
    totalMs: clock.monotonic() - exchange.startedAt,
    upstreamMs: outcome.upstreamMs,
    bytesIn: exchange.received(),
    bytesOut: outcome.bytesOut,
    head,
    decision: asked.decision,
    section: binding.inbound.section,
    caller: connection.facts,
  });
}

/** A head that breaks the protocol never reaches a policy. */
function refuse(connection: InboundConnection, error: CodecError, protocol: HttpVersion): ReplyHead {
  const { sidecar, tls } = connection;
  sidecar.shared.reporter.counts(sidecar.proxy).requests += 1;
  return refuseHead(sidecar, error, {
    side: "inbound",
    protocol,
    options: sidecar.binding().inbound.section.options,
    from: connection.from,
    to: connection.to,
    handshake: tls?.handshake ?? null,
    cluster: null,
  });
}
