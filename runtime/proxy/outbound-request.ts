import type { HeaderEdit } from "../model/header-edit.ts";
import type { Cluster, Endpoint, RetryPolicy } from "../model/snapshot.ts";
import { normalizePath } from "../policy/normalize.ts";
import { isGrpc } from "../traffic/grpc.ts";
import { passthroughCluster } from "../traffic/listener.ts";
import { localReply } from "../traffic/local-reply.ts";
import type { LocalReply, LocalReplyCause } from "../traffic/local-reply.ts";
import { editForTry } from "../traffic/outbound-plan.ts";
import type { ForwardPlan, OutboundPlan } from "../traffic/outbound-plan.ts";
import { replyHead } from "../traffic/reply-head.ts";
import { outboundResponseEdit } from "../traffic/response-headers.ts";
import type { Timeouts } from "../traffic/timeout.ts";
import { headerReader, headerValue } from "../wire/http1/head.ts";
import type { ReadHeader } from "../wire/http1/head.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import { acquireUpstream, refuseOverflow, versionFor } from "./acquire.ts";
import type { Binding } from "./binding.ts";
import type { HeadChange } from "./client-exchange.ts";
import type { Shared, Tracked } from "./context.ts";
import { deafSink, delaySink } from "./deaf-sink.ts";
import type { UpstreamTarget } from "./dial-upstream.ts";
import type { Exchange, RequestSink } from "./exchange.ts";
import { forward } from "./forward.ts";
import type { Acquired, ForwardOptions, ForwardResult, Replied } from "./forward-options.ts";
import type { OutboundConnection } from "./outbound.ts";
import { nothingSent, recordOutbound } from "./outbound-record.ts";
import type { OutboundOutcome } from "./outbound-record.ts";
import { chooseTarget, passthrough } from "./outbound-target.ts";
import { ignore } from "./server-handshake.ts";
import type { Upstream } from "./upstream.ts";
import { keepsUpstream } from "./upstream-key.ts";
import type { UpstreamConnection } from "./upstream-pool.ts";

/** Idle connections to other sidecars stay this long; they end them after an hour. */
const upstreamIdleMs = 60_000;

/** One request of the own program: where it goes, and how. */
export function handleOutbound(connection: OutboundConnection, binding: Binding, exchange: Exchange): RequestSink {
  return new OutboundRequest(connection, binding, exchange).begin();
}

class OutboundRequest {
  readonly connection: OutboundConnection;
  readonly binding: Binding;
  readonly exchange: Exchange;
  readonly #header: ReadHeader;
  readonly #requestId: string;
  #path: string;

  constructor(connection: OutboundConnection, binding: Binding, exchange: Exchange) {
    const { head } = exchange;
    this.connection = connection;
    this.binding = binding;
    this.exchange = exchange;
    this.#header = headerReader(head);
    this.#requestId = headerValue(head, "x-request-id") || connection.sidecar.shared.uuid();
    this.#path = head.target;
  }

  begin(): RequestSink {
    const { sidecar, destination, from, dialled } = this.connection;
    const { exchange, binding } = this;
    const { head } = exchange;
    const { traffic } = binding.outbound;
    const normalized = normalizePath(head.target, binding.snapshot.trust.pathNormalization);
    if (!normalized.ok) return this.#refuse({ kind: "path-normalization-failed" });
    this.#path = normalized.path;
    const listener = traffic.listener(destination.address, destination.port);
    // The listener went away under an open connection: its next request finds no route.
    if (listener === undefined) return this.#refuse({ kind: "route-not-found" });
    const plan = traffic.plan(
      listener,
      {
        method: head.method,
        authority: head.authority,
        path: normalized.path,
        header: this.#header,
        requestId: this.#requestId,
        upgrade: head.upgrade?.toLowerCase(),
        remoteAddress: from.address,
        localAddress: dialled,
        localPort: destination.port,
        protocol: exchange.protocol,
      },
      sidecar.shared.draw,
    );
    if (plan.delayMs === 0) return this.#proceed(plan);
    return delaySink(
      sidecar.shared.clock,
      plan.delayMs,
      () => this.#proceed(plan),
      () => {
        this.tell({ ...nothingSent, flags: ["DI", "DC"], details: "downstream_remote_disconnect" }, plan);
      },
    );
  }

  #proceed(plan: OutboundPlan): RequestSink {
    if (plan.kind === "reply") {
      this.tell(this.reply(plan.reply, plan), plan);
      return deafSink;
    }
    return forward(new OutboundForward(this, plan));
  }

  #refuse(cause: LocalReplyCause): RequestSink {
    this.tell(this.reply(localReply(cause), undefined), undefined);
    return deafSink;
  }

  reply(reply: LocalReply, plan: OutboundPlan | undefined): OutboundOutcome {
    const delayed = plan !== undefined && plan.delayMs > 0 && !reply.flags.includes("DI");
    const answered = replyHead(reply, {
      options: this.binding.outbound.section.options,
      date: this.connection.sidecar.shared.date(),
      grpc: isGrpc(this.#header),
      head: this.exchange.head.method === "HEAD",
      ...(plan === undefined ? {} : { operations: { phases: plan.responsePhases, facts: plan.facts } }),
    });
    this.exchange.reply(answered, plan === undefined);
    return {
      ...nothingSent,
      status: answered.status,
      flags: delayed ? ["DI", ...reply.flags] : reply.flags,
      details: reply.details,
      bytesOut: Buffer.byteLength(answered.body),
    };
  }

  tell(outcome: OutboundOutcome, plan: OutboundPlan | undefined): void {
    const asked = { requestId: this.#requestId, path: this.#path, plan };
    recordOutbound(this.connection, this.binding, this.exchange, outcome, asked);
  }
}

/** The way of a request that has a route. */
class OutboundForward implements ForwardOptions {
  readonly exchange: Exchange;
  readonly shared: Shared;
  readonly retry: RetryPolicy | undefined;
  readonly timeouts: Timeouts;
  readonly upgrade: boolean;
  readonly head = undefined;
  readonly #request: OutboundRequest;
  readonly #plan: ForwardPlan;
  readonly #cluster: Cluster;
  #tried: Set<Endpoint> | undefined;
  #target: UpstreamTarget | undefined;
  #told: OutboundOutcome | undefined;
  #held: Tracked | undefined;
  #slot: (() => void) | undefined;
  #over = false;

  constructor(request: OutboundRequest, plan: ForwardPlan) {
    const { connection, binding, exchange } = request;
    this.exchange = exchange;
    this.shared = connection.sidecar.shared;
    this.retry = plan.retry;
    this.timeouts = plan.timeouts;
    this.upgrade = plan.upgrade !== undefined;
    this.#request = request;
    this.#plan = plan;
    this.#cluster = binding.outbound.cluster(plan.clusterName) ?? passthrough(passthroughCluster);
  }

  acquire(_attempt: number, fresh: boolean, done: (result: Acquired) => void): () => void {
    const { connection, binding } = this.#request;
    const { sidecar, destination } = connection;
    const cluster = this.#cluster;
    this.#slot ??= sidecar.slots.take(cluster.name, cluster.maxRequests);
    if (this.#slot === undefined) return refuseOverflow(done);
    const before = this.#target;
    // Most requests are tried once.
    if (before?.endpoint !== undefined) (this.#tried ??= new Set()).add(before.endpoint);
    const chosen =
      fresh && before !== undefined ? before : chooseTarget(sidecar, binding, cluster, destination, this.#tried);
    if (chosen === undefined) {
      done({ kind: "no-endpoint" });
      return ignore;
    }
    const to: UpstreamTarget = {
      cluster,
      address: chosen.address,
      port: chosen.port,
      endpoint: chosen.endpoint,
      protocol: versionFor(cluster.http, this.exchange),
      authority: this.#plan.authority,
    };
    this.#target = to;
    return acquireUpstream(sidecar, to, fresh, done);
  }

  release(used: UpstreamConnection): void {
    this.#request.connection.sidecar.upstreams.give(used, upstreamIdleMs);
  }

  isOutdated(connection: Upstream): boolean {
    return !keepsUpstream(this.#request.connection.sidecar, connection.key);
  }

  change(attempt: number, elapsedMs: number): HeadChange {
    const plan = this.#plan;
    return { target: plan.path, authority: plan.authority, edit: editForTry(plan, attempt, elapsedMs) };
  }

  responseEdit(response: ResponseHead, serviceTimeMs: number | undefined): HeaderEdit {
    const { responsePhases, facts, options } = this.#plan;
    return outboundResponseEdit(headerReader(response), {
      serviceTimeMs,
      date: this.shared.date(),
      phases: responsePhases,
      facts,
      options,
    });
  }

  reply(cause: LocalReplyCause): Replied {
    const told = this.#request.reply(localReply(cause), this.#plan);
    this.#told = told;
    return { status: told.status, flags: told.flags, details: told.details, bytes: told.bytesOut };
  }

  onTunnel(close: () => void): void {
    if (this.#over) return;
    const { sidecar } = this.#request.connection;
    const { clusterName } = this.#plan;
    const settings = JSON.stringify(this.#cluster.tls);
    const held: Tracked = {
      // The cluster is gone or would be reached with other TLS today: a fresh request must find that out.
      recheck: (next) => {
        if (this.shared.drain === "istio") return;
        const now = next.outbound.cluster(clusterName) ?? passthrough(passthroughCluster);
        if (JSON.stringify(now.tls) !== settings) close();
      },
      close,
    };
    this.#held = held;
    sidecar.tracked.add(held);
    held.recheck(sidecar.binding());
  }

  onDone(result: ForwardResult): void {
    const { sidecar } = this.#request.connection;
    this.#over = true;
    this.#slot?.();
    if (this.#held !== undefined) sidecar.tracked.delete(this.#held);
    const delayed = this.#plan.delayMs > 0 && !result.flags.includes("DI");
    if (result.status >= 500 && this.#told !== undefined) sidecar.counts.failed += 1;
    this.#request.tell(
      {
        status: result.status,
        flags: delayed ? ["DI", ...result.flags] : result.flags,
        details: result.details,
        attempts: result.attempts,
        upstreamMs: result.upstreamMs,
        bytesOut: result.bytesOut,
        target: this.#target,
        connection: result.connection,
      },
      this.#plan,
    );
  }
}
