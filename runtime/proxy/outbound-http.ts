import type { Cluster, Endpoint } from "../model/snapshot.ts";
import { normalizePath } from "../policy/normalize.ts";
import { passthroughCluster } from "../traffic/listener.ts";
import { localReply } from "../traffic/local-reply.ts";
import type { LocalReply } from "../traffic/local-reply.ts";
import { editForTry } from "../traffic/outbound-plan.ts";
import type { ForwardPlan, OutboundPlan } from "../traffic/outbound-plan.ts";
import { isGrpc } from "../traffic/grpc.ts";
import { replyHead } from "../traffic/reply-head.ts";
import { outboundResponseEdit } from "../traffic/response-headers.ts";
import { headerValue, headerValues } from "../wire/http1/head.ts";
import type { Binding } from "./binding.ts";
import type { Tracked } from "./context.ts";
import { deafSink, delaySink } from "./deaf-sink.ts";
import { acquireUpstream, refuseOverflow, versionFor } from "./acquire.ts";
import type { UpstreamTarget } from "./dial-upstream.ts";
import { forward } from "./forward.ts";
import type { Exchange, RequestSink } from "./exchange.ts";
import { serveHttp } from "./http-server.ts";
import type { OutboundConnection } from "./outbound.ts";
import { chooseTarget, passthrough } from "./outbound-target.ts";
import { nothingSent, recordOutbound, refuseOutbound } from "./outbound-record.ts";
import type { OutboundOutcome } from "./outbound-record.ts";

/** Idle connections to other sidecars stay this long; they end them after an hour. */
const upstreamIdleMs = 60_000;

/** HTTP from the own program: route, cluster, endpoint, mutual TLS (spec traffic §1.5, 2). */
export function serveOutboundHttp(connection: OutboundConnection): void {
  const { sidecar, socket } = connection;
  const { bodies } = sidecar.shared.reporter;
  const serve = (exchange: Exchange): RequestSink => handle(connection, sidecar.binding(), exchange);
  const server = serveHttp({
    socket,
    early: connection.early,
    alpn: null,
    clock: sidecar.shared.clock,
    http10: sidecar.binding().outbound.section.options.http10,
    onRequest: (exchange) => bodies.watch(exchange, serve),
    onRefused: (error, protocol) => refuseOutbound(connection, error, protocol),
    onClose: () => {
      sidecar.tracked.delete(tracked);
    },
  });
  // Every request is routed anew, so a new snapshot ends none of these.
  const tracked: Tracked = { recheck: () => undefined, close: server.destroy };
  sidecar.tracked.add(tracked);
  server.start();
}

function handle(connection: OutboundConnection, binding: Binding, exchange: Exchange): RequestSink {
  const { sidecar, destination } = connection;
  const { shared } = sidecar;
  const { head } = exchange;
  const { traffic } = binding.outbound;
  const normalized = normalizePath(head.target, binding.snapshot.trust.pathNormalization);
  const header = (name: string): readonly string[] => headerValues(head, name);
  const requestId = headerValue(head, "x-request-id") || shared.uuid();
  const path = normalized.ok ? normalized.path : head.target;

  function tell(outcome: OutboundOutcome, plan: OutboundPlan | undefined): void {
    recordOutbound(connection, binding, exchange, outcome, { requestId, path, plan });
  }

  function replyWith(reply: LocalReply, plan: OutboundPlan | undefined): OutboundOutcome {
    const delayed = plan !== undefined && plan.delayMs > 0 && !reply.flags.includes("DI");
    const answered = replyHead(reply, {
      options: binding.outbound.section.options,
      date: shared.date(),
      grpc: isGrpc(header),
      head: head.method === "HEAD",
      ...(plan === undefined ? {} : { operations: { phases: plan.responsePhases, facts: plan.facts } }),
    });
    exchange.reply(answered, plan === undefined);
    return {
      ...nothingSent,
      status: answered.status,
      flags: delayed ? ["DI", ...reply.flags] : reply.flags,
      details: reply.details,
      bytesOut: Buffer.byteLength(answered.body),
    };
  }

  if (!normalized.ok) {
    tell(replyWith(localReply({ kind: "path-normalization-failed" }), undefined), undefined);
    return deafSink;
  }
  const listener = traffic.listener(destination.address, destination.port);
  if (listener === undefined) {
    // The listener went away under an open connection: its next request finds no route.
    tell(replyWith(localReply({ kind: "route-not-found" }), undefined), undefined);
    return deafSink;
  }
  const plan = traffic.plan(
    listener,
    {
      method: head.method,
      authority: head.authority,
      path,
      header,
      requestId,
      upgrade: head.upgrade?.toLowerCase(),
      remoteAddress: connection.from.address,
      localAddress: `${destination.address}:${destination.port}`,
      protocol: exchange.protocol,
    },
    shared.draw,
  );

  function proceed(): RequestSink {
    if (plan.kind === "reply") {
      tell(replyWith(plan.reply, plan), plan);
      return deafSink;
    }
    const cluster = binding.outbound.cluster(plan.clusterName) ?? passthrough(passthroughCluster);
    return send(connection, binding, exchange, plan, cluster, {
      reply: (reply) => replyWith(reply, plan),
      tell: (outcome) => {
        tell(outcome, plan);
      },
    });
  }

  if (plan.delayMs === 0) return proceed();
  return delaySink(shared.clock, plan.delayMs, proceed, () => {
    tell({ ...nothingSent, flags: ["DI", "DC"], details: "downstream_remote_disconnect" }, plan);
  });
}

interface Answering {
  readonly reply: (reply: LocalReply) => OutboundOutcome;
  readonly tell: (outcome: OutboundOutcome) => void;
}

function send(
  connection: OutboundConnection,
  binding: Binding,
  exchange: Exchange,
  plan: ForwardPlan,
  cluster: Cluster,
  answering: Answering,
): RequestSink {
  const { sidecar, destination } = connection;
  const { shared } = sidecar;
  let tried: Set<Endpoint> | undefined;
  let target: UpstreamTarget | undefined;
  let told: OutboundOutcome | undefined;
  let held: Tracked | undefined;
  let slot: (() => void) | undefined;
  let over = false;

  return forward({
    exchange,
    clock: shared.clock,
    draw: shared.draw,
    acquire: (_attempt, fresh, done) => {
      slot ??= sidecar.slots.take(cluster.name, cluster.maxRequests);
      if (slot === undefined) return refuseOverflow(done);
      // Most requests are tried once.
      if (target?.endpoint !== undefined) (tried ??= new Set()).add(target.endpoint);
      const chosen =
        fresh && target !== undefined ? target : chooseTarget(sidecar, binding, cluster, destination, tried);
      if (chosen === undefined) {
        done({ kind: "no-endpoint" });
        return () => undefined;
      }
      const to: UpstreamTarget = {
        cluster,
        address: chosen.address,
        port: chosen.port,
        endpoint: chosen.endpoint,
        protocol: versionFor(cluster.http, exchange),
        authority: plan.authority,
      };
      target = to;
      return acquireUpstream(sidecar, to, fresh, done);
    },
    release: (used) => {
      sidecar.upstreams.give(used, upstreamIdleMs);
    },
    change: (attempt, elapsed) => ({
      target: plan.path,
      authority: plan.authority,
      edit: editForTry(plan, attempt, elapsed),
    }),
    retry: plan.retry,
    timeouts: plan.timeouts,
    responseEdit: (response, serviceTimeMs) =>
      outboundResponseEdit((name) => headerValues(response, name), {
        serviceTimeMs,
        date: shared.date(),
        phases: plan.responsePhases,
        facts: plan.facts,
        options: plan.options,
      }),
    reply: (cause) => {
      told = answering.reply(localReply(cause));
      return { status: told.status, flags: told.flags, details: told.details, bytes: told.bytesOut };
    },
    upgrade: plan.upgrade !== undefined,
    onTunnel: (close) => {
      if (over) return;
      const settings = JSON.stringify(cluster.tls);
      held = {
        // The cluster is gone or would be reached with other TLS today: a fresh request must find that out.
        recheck: (next) => {
          if (shared.drain === "istio") return;
          const now = next.outbound.cluster(plan.clusterName) ?? passthrough(passthroughCluster);
          if (JSON.stringify(now.tls) !== settings) close();
        },
        close,
      };
      sidecar.tracked.add(held);
      held.recheck(sidecar.binding());
    },
    onDone: (result) => {
      over = true;
      slot?.();
      if (held !== undefined) sidecar.tracked.delete(held);
      const flags = plan.delayMs > 0 && !result.flags.includes("DI") ? ["DI", ...result.flags] : result.flags;
      if (result.status >= 500 && told !== undefined) shared.reporter.counts(sidecar.proxy).failed += 1;
      answering.tell({
        status: result.status,
        flags,
        details: result.details,
        attempts: result.attempts,
        upstreamMs: result.upstreamMs,
        bytesOut: result.bytesOut,
        target,
        connection: result.connection,
      });
    },
  });
}
