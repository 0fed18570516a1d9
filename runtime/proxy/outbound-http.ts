import type { Cluster, Endpoint } from "../model/snapshot.ts";
import { normalizePath } from "../policy/normalize.ts";
import { passthroughCluster } from "../traffic/listener.ts";
import { localReply } from "../traffic/local-reply.ts";
import type { LocalReply } from "../traffic/local-reply.ts";
import { editForTry } from "../traffic/outbound-plan.ts";
import type { ForwardPlan, OutboundPlan } from "../traffic/outbound-plan.ts";
import { isGrpc } from "../traffic/grpc.ts";
import { outboundResponseEdit } from "../traffic/response-headers.ts";
import type { CodecError } from "../wire/http1/error.ts";
import { headerEntries, headerValue, headerValues } from "../wire/http1/head.ts";
import type { RequestHead } from "../wire/http1/head.ts";
import { writeRequestHead } from "../wire/http1/write.ts";
import type { Binding } from "./binding.ts";
import type { Tracked } from "./context.ts";
import { acquireUpstream, targetParty } from "./dial-upstream.ts";
import type { UpstreamTarget } from "./dial-upstream.ts";
import { forward } from "./forward.ts";
import { serveHttp } from "./http-server.ts";
import type { Exchange, RequestSink } from "./http-server.ts";
import type { OutboundConnection } from "./outbound.ts";
import { chooseTarget, passthrough } from "./outbound-target.ts";
import { encodeReply } from "./reply.ts";
import type { UpstreamConnection } from "./upstream-pool.ts";

/** Idle connections to other sidecars stay this long; they end them after an hour. */
const upstreamIdleMs = 60_000;

/** HTTP from the own program: route, cluster, endpoint, mutual TLS (spec traffic §1.5, 2). */
export function serveOutboundHttp(connection: OutboundConnection): void {
  const { sidecar, socket } = connection;
  const server = serveHttp({
    socket,
    early: connection.early,
    clock: sidecar.shared.clock,
    onRequest: (exchange) => handle(connection, sidecar.binding(), exchange),
    onRefused: (error) => refuse(connection, error),
    onClose: () => {
      sidecar.tracked.delete(tracked);
    },
  });
  // Every request is routed anew, so a new snapshot ends none of these.
  const tracked: Tracked = { recheck: () => undefined, close: server.destroy };
  sidecar.tracked.add(tracked);
  server.start();
}

interface Outcome {
  readonly status: number;
  readonly flags: readonly string[];
  readonly details: string;
  readonly attempts: number;
  readonly upstreamMs: number;
  readonly bytesOut: number;
  readonly target: UpstreamTarget | undefined;
  readonly connection: UpstreamConnection | undefined;
}

const silent: RequestSink = {
  body: () => true,
  drained: () => undefined,
  gone: () => undefined,
  broken: () => undefined,
};

function handle(connection: OutboundConnection, binding: Binding, exchange: Exchange): RequestSink {
  const { sidecar, destination } = connection;
  const { shared } = sidecar;
  const { head } = exchange;
  const { traffic } = binding.outbound;
  const normalized = normalizePath(head.target, binding.snapshot.trust.pathNormalization);
  const header = (name: string): readonly string[] => headerValues(head, name);
  const requestId = headerValue(head, "x-request-id") || shared.uuid();
  const path = normalized.ok ? normalized.path : head.target;

  function tell(outcome: Outcome, plan: OutboundPlan | undefined): void {
    record(connection, binding, exchange, { ...outcome, requestId, path, plan });
  }

  function replyWith(reply: LocalReply, plan: OutboundPlan | undefined): Outcome {
    const close = exchange.closing();
    const delayed = plan !== undefined && plan.delayMs > 0 && !reply.flags.includes("DI");
    const encoded = encodeReply(
      reply,
      {
        server: "envoy",
        date: shared.date(),
        grpc: isGrpc(header),
        head: head.method === "HEAD",
        ...(plan === undefined ? {} : { operations: { phases: plan.responsePhases, facts: plan.facts } }),
      },
      close,
    );
    exchange.send(encoded.bytes);
    exchange.finish(close);
    return {
      status: encoded.status,
      flags: delayed ? ["DI", ...reply.flags] : reply.flags,
      details: reply.details,
      attempts: 0,
      upstreamMs: 0,
      bytesOut: encoded.body,
      target: undefined,
      connection: undefined,
    };
  }

  if (!normalized.ok) {
    tell(replyWith(localReply({ kind: "path-normalization-failed" }), undefined), undefined);
    return silent;
  }
  const listener = traffic.listener(destination.address, destination.port);
  if (listener === undefined) {
    // The listener went away under an open connection: its next request finds no route.
    tell(replyWith(localReply({ kind: "route-not-found" }), undefined), undefined);
    return silent;
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
      protocol: "HTTP/1.1",
    },
    shared.draw,
  );

  function proceed(): RequestSink {
    if (plan.kind === "reply") {
      tell(replyWith(plan.reply, plan), plan);
      return silent;
    }
    const cluster = binding.outbound.cluster(plan.clusterName) ?? passthrough(passthroughCluster);
    return send(connection, binding, exchange, plan, cluster, {
      reply: (reply) => replyWith(reply, plan),
      tell: (outcome) => {
        tell(outcome, plan);
      },
    });
  }

  return plan.delayMs > 0 ? delayed(connection, plan.delayMs, proceed, (outcome) => { tell(outcome, plan); }) : proceed();
}

interface Answering {
  readonly reply: (reply: LocalReply) => Outcome;
  readonly tell: (outcome: Outcome) => void;
}

function send(connection: OutboundConnection, binding: Binding, exchange: Exchange, plan: ForwardPlan, cluster: Cluster, answering: Answering): RequestSink {
  const { sidecar, destination } = connection;
  const { shared } = sidecar;
  const { head } = exchange;
  const tried = new Set<Endpoint>();
  let target: UpstreamTarget | undefined;
  let told: Outcome | undefined;

  return forward({
    exchange,
    clock: shared.clock,
    draw: shared.draw,
    acquire: (_attempt, fresh, done) => {
      const chosen = fresh && target !== undefined ? target : chooseTarget(sidecar, binding, cluster, destination, tried);
      if (chosen === undefined) {
        done({ kind: "no-endpoint" });
        return () => undefined;
      }
      if (chosen.endpoint !== undefined) tried.add(chosen.endpoint);
      const to: UpstreamTarget = { ...chosen, cluster, network: "http", authority: plan.authority };
      target = to;
      return acquireUpstream(sidecar, to, { pooled: !fresh }, done);
    },
    release: (used) => {
      sidecar.upstreams.give(used, upstreamIdleMs);
    },
    writeHead: (attempt, elapsed, body) =>
      writeRequestHead(head, { target: plan.path, authority: plan.authority, edit: editForTry(plan, attempt, elapsed), body }),
    retry: plan.retry,
    timeouts: plan.timeouts,
    responseEdit: (response, serviceTimeMs) =>
      outboundResponseEdit((name) => headerValues(response, name), {
        serviceTimeMs,
        date: shared.date(),
        phases: plan.responsePhases,
        facts: plan.facts,
      }),
    reply: (cause) => {
      told = answering.reply(localReply(cause));
      return { status: told.status, flags: told.flags, details: told.details, bytes: told.bytesOut };
    },
    upgrade: plan.upgrade !== undefined,
    onDone: (result) => {
      const flags = plan.delayMs > 0 && !result.flags.includes("DI") ? ["DI", ...result.flags] : result.flags;
      if (result.status >= 500 && told !== undefined) shared.reporter.counts(sidecar.proxy).failed += 1;
      answering.tell({ ...result, flags, target });
    },
  });
}

/** Holds a request back (fault delay), its body too. */
function delayed(connection: OutboundConnection, ms: number, proceed: () => RequestSink, tell: (outcome: Outcome) => void): RequestSink {
  const waiting: { readonly bytes: Buffer; readonly done: boolean }[] = [];
  let sink: RequestSink | undefined;
  let over = false;
  const cancel = connection.sidecar.shared.clock.after(ms, () => {
    if (over) return;
    sink = proceed();
    for (const { bytes, done } of waiting.splice(0)) sink.body(bytes, done);
  });
  return {
    body: (bytes, done) => {
      if (sink !== undefined) return sink.body(bytes, done);
      waiting.push({ bytes, done });
      return done;
    },
    drained: () => sink?.drained(),
    gone: () => {
      over = true;
      cancel();
      if (sink !== undefined) sink.gone();
      else {
        tell({
          status: 0,
          flags: ["DI", "DC"],
          details: "downstream_remote_disconnect",
          attempts: 0,
          upstreamMs: 0,
          bytesOut: 0,
          target: undefined,
          connection: undefined,
        });
      }
    },
    broken: (error) => sink?.broken(error),
  };
}

interface Told extends Outcome {
  readonly requestId: string;
  readonly path: string;
  readonly plan: OutboundPlan | undefined;
}

function record(connection: OutboundConnection, binding: Binding, exchange: Exchange, outcome: Told): void {
  const { sidecar, destination } = connection;
  const { reporter, clock } = sidecar.shared;
  const { head } = exchange;
  const { plan, target } = outcome;
  const path = plan?.path ?? outcome.path;
  reporter.add(
    {
      kind: "exchange",
      id: reporter.nextId("r"),
      at: clock.now(),
      generation: binding.generation,
      proxy: sidecar.proxy,
      side: "outbound",
      from: connection.from,
      to: target === undefined
        ? { workload: null, address: `${destination.address}:${destination.port}`, spiffe: null }
        : targetParty(target, outcome.connection?.spiffe ?? null),
      method: head.method,
      authority: head.authority,
      path,
      originalPath: path === head.target ? null : head.target,
      requestId: outcome.requestId,
      status: outcome.status,
      flags: outcome.flags.length === 0 ? "-" : outcome.flags.join(","),
      details: outcome.details,
      handshake: outcome.connection?.handshake ?? null,
      route: plan?.route?.name ?? null,
      routeAt: plan?.route?.provenance ?? null,
      cluster: plan?.clusterName ?? null,
      endpoint: target === undefined ? null : `${target.address}:${target.port}`,
      attempts: outcome.attempts,
      totalMs: clock.monotonic() - exchange.startedAt,
      upstreamMs: outcome.upstreamMs,
      bytesIn: exchange.received(),
      bytesOut: outcome.bytesOut,
      decision: undefined,
      headers: () => headerEntries(head),
    },
    head.bytes.length + 1024,
  );
}

function refuse(connection: OutboundConnection, error: CodecError): Buffer {
  const { sidecar, destination } = connection;
  const { reporter, clock } = sidecar.shared;
  const head: RequestHead | undefined = error.head;
  reporter.add(
    {
      kind: "exchange",
      id: reporter.nextId("r"),
      at: clock.now(),
      generation: sidecar.binding().generation,
      proxy: sidecar.proxy,
      side: "outbound",
      from: connection.from,
      to: { workload: null, address: `${destination.address}:${destination.port}`, spiffe: null },
      method: head?.method ?? "",
      authority: head?.authority ?? "",
      path: head?.target ?? "",
      originalPath: null,
      requestId: null,
      status: error.status,
      flags: error.flags,
      details: error.details,
      handshake: null,
      route: null,
      routeAt: null,
      cluster: null,
      endpoint: null,
      attempts: 0,
      totalMs: 0,
      upstreamMs: 0,
      bytesIn: 0,
      bytesOut: error.body.length,
      decision: undefined,
      headers: undefined,
    },
    1024,
  );
  const reply = { status: error.status, body: error.body, contentType: error.body === "" ? undefined : "text/plain", flags: [], details: error.details, headers: [] };
  return encodeReply(reply, { server: "envoy", date: sidecar.shared.date(), grpc: false, head: head?.method === "HEAD" }, error.close).bytes;
}
