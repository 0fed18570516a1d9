import type { Decision } from "../model/decision.ts";
import type { Authorized } from "../traffic/ext-authz/authorized.ts";
import type { Binding } from "./binding.ts";
import type { Exchange } from "./exchange.ts";
import type { InboundConnection } from "./inbound-connection.ts";

/** How one request of a caller ended. */
export interface InboundOutcome {
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

/** Of a request that the application never saw. */
export const notReached = { bytesOut: 0, attempts: 0, upstreamMs: 0, reached: false, routed: true } as const;

/** What is known of a request besides. */
export interface InboundAsked {
  readonly path: string;
  readonly requestId: string;
  readonly decision: Decision | undefined;
  readonly authorized: Authorized | undefined;
}

export function recordInbound(
  connection: InboundConnection,
  binding: Binding,
  exchange: Exchange,
  outcome: InboundOutcome,
  asked: InboundAsked,
): void {
  const { sidecar, listener, tls } = connection;
  const { reporter, clock } = sidecar.shared;
  const { head } = exchange;
  const counts = sidecar.counts;
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
