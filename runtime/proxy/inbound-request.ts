import type { Decision, RequestFacts } from "../model/decision.ts";
import type { HeaderEdit } from "../model/header-edit.ts";
import type { InboundListener, RetryPolicy } from "../model/snapshot.ts";
import { customStart, type CustomStep, type NextCustomStep } from "../policy/custom.ts";
import { normalizePath } from "../policy/normalize.ts";
import { withToken } from "../policy/jwt/edit.ts";
import { requestScheme, tokenRefusal } from "../policy/jwt/refusal.ts";
import type { Authorized } from "../traffic/ext-authz/authorized.ts";
import { editOf, invalidHeader, seenRequest } from "../traffic/ext-authz/seen-request.ts";
import { isGrpc } from "../traffic/grpc.ts";
import { localReply } from "../traffic/local-reply.ts";
import type { LocalReply, LocalReplyCause } from "../traffic/local-reply.ts";
import { replyHead } from "../traffic/reply-head.ts";
import { inboundRequestEdit } from "../traffic/request-headers.ts";
import type { InboundRequestContext } from "../traffic/request-headers.ts";
import { inboundResponseEdit } from "../traffic/response-headers.ts";
import { inboundRetryPolicy } from "../traffic/retry.ts";
import type { Timeouts } from "../traffic/timeout.ts";
import { hasHeader, headerEntries, headerReader, headerValue } from "../wire/http1/head.ts";
import type { ReadHeader, RequestHead } from "../wire/http1/head.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import { noEdit } from "../wire/http1/write.ts";
import { acquireApp, refuseOverflow, versionFor } from "./acquire.ts";
import type { Binding } from "./binding.ts";
import type { HeadChange } from "./client-exchange.ts";
import { compactHead } from "./compact-head.ts";
import type { Shared } from "./context.ts";
import { deafSink } from "./deaf-sink.ts";
import type { Exchange, RequestSink } from "./exchange.ts";
import { holdForProviders } from "./ext-authz/request.ts";
import { denialDetails, httpFacts, seenFacts } from "../traffic/facts.ts";
import { forward } from "./forward.ts";
import type { Acquired, ForwardOptions, ForwardResult, Replied } from "./forward-options.ts";
import type { InboundConnection } from "./inbound-connection.ts";
import { notReached, recordInbound } from "./inbound-record.ts";
import type { InboundOutcome } from "./inbound-record.ts";
import { followTunnel } from "./inbound-tunnel.ts";
import type { UpstreamConnection } from "./upstream-pool.ts";

/** Applications close idle connections after a few seconds (Node after five): ours go first. */
const appIdleMs = 3000;

/**
 * One request from a caller to the own application. `current`: the snapshot that rules later; undefined: the connection is no longer
 * accepted.
 */
export function handleInbound(
  connection: InboundConnection,
  binding: Binding,
  exchange: Exchange,
  current: () => Binding | undefined,
): RequestSink {
  return new InboundRequest(connection, binding, exchange, current).begin();
}

/** A class, because one is made per request: two dozen functions each would cost more than the decision. */
class InboundRequest implements ForwardOptions {
  readonly exchange: Exchange;
  readonly shared: Shared;
  readonly upgrade: boolean;
  readonly retry: RetryPolicy | undefined;
  readonly timeouts: Timeouts;
  /** Instead of the exchange's own, where a provider changed the method. */
  head: RequestHead | undefined;
  readonly #connection: InboundConnection;
  readonly #binding: Binding;
  readonly #current: () => Binding | undefined;
  readonly #header: ReadHeader;
  readonly #requestId: string;
  readonly #entry: Pick<InboundRequestContext, "requestId" | "options">;
  readonly #grpc: boolean;
  readonly #decorator: string | undefined;
  readonly #target: InboundListener;
  /** As the caller asked for it, normalised. */
  #entered = "";
  #path: string;
  #facts: RequestFacts | undefined;
  #decision: Decision | undefined;
  #authorized: Authorized | undefined;
  #edit: HeaderEdit = noEdit;
  #slot: (() => void) | undefined;
  #letGo: (() => void) | undefined;
  #over = false;

  constructor(connection: InboundConnection, binding: Binding, exchange: Exchange, current: () => Binding | undefined) {
    const { head } = exchange;
    this.exchange = exchange;
    this.shared = connection.sidecar.shared;
    this.upgrade = head.upgrade !== undefined;
    this.#connection = connection;
    this.#binding = binding;
    this.#current = current;
    this.#header = headerReader(head);
    this.#requestId = headerValue(head, "x-request-id") || this.shared.uuid();
    this.#entry = { requestId: this.#requestId, options: binding.inbound.section.options };
    this.#grpc = isGrpc(this.#header);
    this.retry = this.#grpc ? undefined : inboundRetryPolicy;
    this.timeouts = this.#grpc ? grpcWithoutTimeouts : withoutTimeouts;
    this.#decorator = hasHeader(head, "x-envoy-decorator-operation") ? undefined : connection.listener.decorator;
    this.#target = binding.inbound.listener(connection.port);
    this.#path = head.target;
  }

  begin(): RequestSink {
    const { head } = this.exchange;
    const normalized = normalizePath(head.target, this.#binding.snapshot.trust.pathNormalization);
    if (!normalized.ok) return this.#answer({ kind: "path-normalization-failed" }, false);
    this.#entered = normalized.path;
    this.#path = normalized.path;
    if (head.upgrade !== undefined && head.upgrade.toLowerCase() !== "websocket")
      return this.#answer({ kind: "upgrade-failed" }, false);
    const facts = httpFacts(this.#connection.facts, head, this.#path, this.#entry);
    const { custom } = this.#binding.inbound.http;
    // Envoy asks nobody about a request without a route, and CONNECT has none.
    const step = head.method === "CONNECT" ? undefined : custom?.(facts, customStart);
    return custom === undefined || step === undefined ? this.#admit(facts) : this.#hold(custom, step);
  }

  // What is asked before the application is.

  #hold(next: NextCustomStep, first: CustomStep): RequestSink {
    const { exchange } = this;
    const { head } = exchange;
    const connection = this.#connection;
    const scheme = head.scheme ?? requestScheme(this.#header, connection.tls !== undefined);
    const came = {
      method: head.method,
      path: this.#path,
      authority: head.authority,
      scheme,
      headers: headerEntries(head),
    };
    const end = (said: Authorized): void => {
      this.#authorized = said;
      this.#path = said.seen.path;
    };
    return holdForProviders(
      {
        connection,
        exchange,
        binding: this.#binding,
        seen: seenRequest(came, this.#entryEdit()),
        next,
        current: this.#current,
        restart: (now) => handleInbound(connection, now, exchange, this.#current),
        admit: (said) => {
          end(said);
          return this.#admit(seenFacts(connection.facts, said));
        },
        refuse: (cause, refusal, said) => {
          end(said);
          this.#decision = refusal;
          connection.sidecar.counts.denied += 1;
          const details = denialDetails(this.#binding.inbound.http.set, refusal);
          this.#answer(cause ?? { kind: "rbac-denied", details }, true);
        },
        tooLarge: (said) => {
          end(said);
          this.#answer({ kind: "payload-too-large" }, false);
        },
        gone: (said) => {
          end(said);
          this.#tell({ ...notReached, status: 0, flags: ["DC"], details: "downstream_remote_disconnect" });
        },
        broken: (error, said) => {
          end(said);
          this.#answer({ kind: "codec-error", details: error.details }, false);
        },
      },
      first,
    );
  }

  #admit(asked: RequestFacts): RequestSink {
    const connection = this.#connection;
    const { inbound } = this.#binding;
    const { head } = this.exchange;
    const { set, decide } = inbound.http;
    const verdict = decide(asked);
    this.#facts = asked;
    this.#decision = verdict;
    this.#path = verdict.token?.changes.path ?? this.#path;
    const counts = connection.sidecar.counts;
    if (verdict.verdict === "deny") {
      counts.denied += 1;
      if (verdict.reason === "jwt" && verdict.token !== undefined) {
        const tls = connection.tls !== undefined;
        const sent = { authority: asked.authority(), path: asked.path(), tls, header: this.#header };
        return this.#answer({ kind: "jwt-denied", ...tokenRefusal(verdict.token, sent) }, true);
      }
      return this.#answer({ kind: "rbac-denied", details: denialDetails(set, verdict) }, true);
    }
    counts.allowed += 1;
    if (head.method === "CONNECT") return this.#answer({ kind: "route-not-found" }, false);

    const entry = this.#entryEdit();
    const authorized = this.#authorized;
    const plain = authorized === undefined ? entry : editOf(authorized.seen, entry);
    const spoiled = authorized === undefined ? undefined : invalidHeader(authorized.seen);
    if (spoiled !== undefined) return this.#answer({ kind: "invalid-request-header", text: spoiled }, true);
    if (authorized !== undefined && authorized.seen.method !== head.method)
      this.head = { ...head, method: authorized.seen.method };
    this.#edit = withToken(plain, inbound.section.jwt, verdict.token);
    return forward(this);
  }

  #entryEdit(): HeaderEdit {
    const { tls, port } = this.#connection;
    const { snapshot, inbound } = this.#binding;
    return inboundRequestEdit(this.#header, {
      requestId: this.#requestId,
      port,
      options: inbound.section.options,
      tls: tls !== undefined,
      identity: snapshot.identity,
      peer: tls?.forwarded,
    });
  }

  // How it is answered by the sidecar itself.

  #answer(cause: LocalReplyCause, routed: boolean): RequestSink {
    this.#tell(this.#replyWith(localReply(cause), routed));
    return deafSink;
  }

  /** `routed`: it came as far as to have a route, whose decorator is told, and which does not end the connection. */
  #replyWith(reply: LocalReply, routed: boolean): InboundOutcome {
    const authorized = this.#authorized;
    const decorator = this.#decorator;
    const answered = replyHead(reply, {
      options: this.#binding.inbound.section.options,
      date: this.shared.date(),
      grpc: this.#grpc,
      head: this.exchange.head.method === "HEAD",
      ...(authorized === undefined ? {} : { changes: authorized.responses }),
      ...(routed && decorator !== undefined ? { decorator } : {}),
    });
    this.exchange.reply(answered, !routed);
    return {
      ...notReached,
      status: answered.status,
      flags: reply.flags,
      details: reply.details,
      bytesOut: Buffer.byteLength(answered.body),
      routed: reply.details !== "path_normalization_failed" && reply.details !== "route_not_found",
    };
  }

  #tell(outcome: InboundOutcome): void {
    this.#over = true;
    this.#letGo?.();
    recordInbound(this.#connection, this.#binding, this.exchange, outcome, {
      path: this.#path,
      requestId: this.#requestId,
      decision: this.#decision,
      authorized: this.#authorized,
    });
  }

  // How it is passed on.

  acquire(_attempt: number, _fresh: boolean, done: (result: Acquired) => void): () => void {
    const { sidecar, port } = this.#connection;
    const { cluster, maxRequests, appPort, http } = this.#target;
    this.#slot ??= sidecar.slots.take(cluster, maxRequests);
    if (this.#slot === undefined) return refuseOverflow(done);
    return acquireApp(sidecar, appPort ?? port, versionFor(http, this.exchange), done);
  }

  release(used: UpstreamConnection): void {
    this.#connection.sidecar.upstreams.give(used, appIdleMs);
  }

  isOutdated(): boolean {
    return false;
  }

  change(): HeadChange {
    const { authority } = this.#authorized?.seen ?? this.exchange.head;
    return { target: this.#path, authority, edit: this.#edit };
  }

  responseEdit(response: ResponseHead, serviceTimeMs: number | undefined): HeaderEdit {
    return inboundResponseEdit(headerReader(response), {
      serviceTimeMs,
      date: this.shared.date(),
      decorator: this.#decorator,
      options: this.#binding.inbound.section.options,
      changes: this.#authorized?.responses,
    });
  }

  reply(cause: LocalReplyCause): Replied {
    const told = this.#replyWith(localReply(cause), true);
    return { status: told.status, flags: told.flags, details: told.details, bytes: told.bytesOut };
  }

  onTunnel(close: () => void): void {
    if (this.#over) return;
    const connection = this.#connection;
    const authorized = this.#authorized;
    // No further request comes that could be refused: like a TCP connection it is decided again under every snapshot.
    const lasting =
      authorized === undefined || this.#facts === undefined
        ? httpFacts(connection.facts, compactHead(this.exchange.head), this.#entered, this.#entry)
        : this.#facts;
    const followed = followTunnel(connection, lasting, authorized ?? { calls: [], notes: [] }, close);
    this.#letGo = followed.end;
    followed.recheck();
  }

  onDone(result: ForwardResult): void {
    this.#slot?.();
    if (this.#over) return;
    this.#tell({
      status: result.status,
      flags: result.flags,
      details: result.details,
      bytesOut: result.bytesOut,
      attempts: result.attempts,
      upstreamMs: result.upstreamMs,
      reached: result.connection !== undefined,
      routed: true,
    });
  }
}

const withoutTimeouts: Timeouts = { routeMs: undefined, perTryMs: undefined, grpc: false };
const grpcWithoutTimeouts: Timeouts = { ...withoutTimeouts, grpc: true };
