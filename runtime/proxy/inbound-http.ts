import type { Decision, RequestFacts } from "../model/decision.ts";
import type { HttpVersion } from "../model/event.ts";
import type { HeaderEdit } from "../model/header-edit.ts";
import { customStart, type CustomStep, type NextCustomStep } from "../policy/custom.ts";
import { normalizePath } from "../policy/normalize.ts";
import { withToken } from "../policy/jwt/edit.ts";
import { requestScheme, tokenRefusal } from "../policy/jwt/refusal.ts";
import type { Authorized } from "../traffic/ext-authz/authorized.ts";
import { editOf, invalidHeader, seenRequest } from "../traffic/ext-authz/seen-request.ts";
import { inboundRequestEdit } from "../traffic/request-headers.ts";
import { inboundResponseEdit } from "../traffic/response-headers.ts";
import { isGrpc } from "../traffic/grpc.ts";
import { replyHead } from "../traffic/reply-head.ts";
import type { ReplyHead } from "../traffic/reply-head.ts";
import { localReply } from "../traffic/local-reply.ts";
import type { LocalReply, LocalReplyCause } from "../traffic/local-reply.ts";
import { inboundRetryPolicy } from "../traffic/retry.ts";
import type { CodecError } from "../wire/http1/error.ts";
import { hasHeader, headerEntries, headerValue, headerValues } from "../wire/http1/head.ts";
import type { Binding } from "./binding.ts";
import type { Tracked } from "./context.ts";
import { compactHead } from "./compact-head.ts";
import { deafSink } from "./deaf-sink.ts";
import { acquireApp, refuseOverflow, versionFor } from "./acquire.ts";
import { denialDetails, httpFacts, seenFacts } from "./facts.ts";
import { isStillAuthorized } from "./ext-authz/connection-gate.ts";
import { holdForProviders } from "./ext-authz/request.ts";
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
  const { bodies } = sidecar.shared.reporter;
  const serve = (exchange: Exchange): RequestSink =>
    handle(connection, follower.binding(), exchange, () => (doomed ? undefined : follower.binding()));
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
      return bodies.watch(exchange, serve);
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

/** `current`: the snapshot that rules later; undefined: the connection is no longer accepted. */
function handle(
  connection: InboundConnection,
  binding: Binding,
  exchange: Exchange,
  current: () => Binding | undefined,
): RequestSink {
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
  let authorized: Authorized | undefined;
  let over = false;
  let letGo: (() => void) | undefined;

  function tell(told: Told): void {
    over = true;
    letGo?.();
    record(connection, binding, exchange, told, { path, requestId, decision, authorized });
  }

  function replyWith(reply: LocalReply, withDecorator: boolean): Told {
    const answered = replyHead(reply, {
      options,
      date: shared.date(),
      grpc,
      head: head.method === "HEAD",
      ...(authorized === undefined ? {} : { changes: authorized.responses }),
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
  const entered = normalized.path;
  path = entered;
  if (head.upgrade !== undefined && head.upgrade.toLowerCase() !== "websocket")
    return answer({ kind: "upgrade-failed" }, false);

  function entryEdit(): HeaderEdit {
    return inboundRequestEdit(header, {
      requestId,
      port: connection.port,
      options,
      tls: tls !== undefined,
      identity: binding.snapshot.identity,
      peer: tls?.forwarded,
    });
  }

  function hold(next: NextCustomStep, first: CustomStep): RequestSink {
    const scheme = head.scheme ?? requestScheme(header, tls !== undefined);
    const came = { method: head.method, path, authority: head.authority, scheme, headers: headerEntries(head) };
    const end = (said: Authorized): void => {
      authorized = said;
      path = said.seen.path;
    };
    const unanswered = (flags: readonly string[], details: string): void => {
      tell({ status: 0, flags, details, bytesOut: 0, attempts: 0, upstreamMs: 0, reached: false, routed: true });
    };
    return holdForProviders(
      {
        connection,
        exchange,
        binding,
        seen: seenRequest(came, entryEdit()),
        next,
        current,
        restart: (now) => handle(connection, now, exchange, current),
        admit: (said) => {
          end(said);
          return admit(seenFacts(connection.facts, said.seen));
        },
        refuse: (cause, refusal, said) => {
          end(said);
          decision = refusal;
          shared.reporter.counts(sidecar.proxy).denied += 1;
          answer(cause ?? { kind: "rbac-denied", details: denialDetails(binding.inbound.http.set, refusal) }, true);
        },
        tooLarge: (said) => {
          end(said);
          answer({ kind: "payload-too-large" }, false);
        },
        gone: (said) => {
          end(said);
          unanswered(["DC"], "downstream_remote_disconnect");
        },
        broken: (error, said) => {
          end(said);
          answer({ kind: "codec-error", details: error.details }, false);
        },
      },
      first,
    );
  }

  const facts = httpFacts(connection.facts, head, path, { requestId, options });
  const { custom } = binding.inbound.http;
  // Envoy asks nobody about a request without a route, and CONNECT has none.
  const step = head.method === "CONNECT" ? undefined : custom?.(facts, customStart);
  return custom === undefined || step === undefined ? admit(facts) : hold(custom, step);

  function admit(asked: RequestFacts): RequestSink {
    const { set, decide } = binding.inbound.http;
    const verdict = decide(asked);
    decision = verdict;
    path = verdict.token?.changes.path ?? path;
    const counts = shared.reporter.counts(sidecar.proxy);
    if (verdict.verdict === "deny") {
      counts.denied += 1;
      if (verdict.reason === "jwt" && verdict.token !== undefined) {
        const sent = { authority: asked.authority(), path: asked.path(), tls: tls !== undefined, header };
        return answer({ kind: "jwt-denied", ...tokenRefusal(verdict.token, sent) }, true);
      }
      return answer({ kind: "rbac-denied", details: denialDetails(set, verdict) }, true);
    }
    counts.allowed += 1;
    if (head.method === "CONNECT") return answer({ kind: "route-not-found" }, false);

    const entry = entryEdit();
    const plain = authorized === undefined ? entry : editOf(authorized.seen, entry);
    const spoiled = authorized === undefined ? undefined : invalidHeader(authorized.seen);
    if (spoiled !== undefined) return answer({ kind: "invalid-request-header", text: spoiled }, true);
    const { method, authority } = authorized?.seen ?? head;
    const edit = withToken(plain, binding.inbound.section.jwt, verdict.token);
    const target = binding.inbound.listener(connection.port);
    let slot: (() => void) | undefined;
    return forward({
      exchange,
      ...(method === head.method ? {} : { head: { ...head, method } }),
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
      change: () => ({ target: path, authority, edit }),
      retry: grpc ? undefined : inboundRetryPolicy,
      timeouts: { routeMs: undefined, perTryMs: undefined, grpc },
      responseEdit: (response, serviceTimeMs) =>
        inboundResponseEdit((name) => headerValues(response, name), {
          serviceTimeMs,
          date: shared.date(),
          decorator,
          options,
          changes: authorized?.responses,
        }),
      reply: (cause) => {
        const told = replyWith(localReply(cause), true);
        return { status: told.status, flags: told.flags, details: told.details, bytes: told.bytesOut };
      },
      upgrade: head.upgrade !== undefined,
      onTunnel: (close) => {
        if (over) return;
        // No further request comes that could be refused: like a TCP connection it is decided again under every snapshot.
        const lasting =
          authorized === undefined
            ? httpFacts(connection.facts, compactHead(head), entered, { requestId, options })
            : asked;
        const follower = follow(connection, {
          obey: (next) => {
            if (
              isStillAccepted(connection, next) &&
              isStillAuthorized(next.inbound.http.custom, lasting, authorized?.calls ?? []) &&
              next.inbound.http.decide(lasting).verdict === "allow"
            )
              return;
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
}

interface Known {
  readonly path: string;
  readonly requestId: string;
  readonly decision: Decision | undefined;
  readonly authorized: Authorized | undefined;
}

function record(
  connection: InboundConnection,
  binding: Binding,
  exchange: Exchange,
  outcome: Told,
  asked: Known,
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
    destination: null,
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
    authorized: asked.authorized,
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
    destination: null,
    handshake: tls?.handshake ?? null,
    cluster: null,
  });
}
