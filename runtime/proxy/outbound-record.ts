import type { HttpVersion } from "../model/event.ts";
import type { OutboundPlan } from "../traffic/outbound-plan.ts";
import type { ReplyHead } from "../traffic/reply-head.ts";
import type { CodecError } from "../wire/http1/error.ts";
import type { Binding } from "./binding.ts";
import { targetParty } from "./dial-upstream.ts";
import type { UpstreamTarget } from "./dial-upstream.ts";
import type { Exchange } from "./exchange.ts";
import type { OutboundConnection } from "./outbound.ts";
import { refuseHead } from "./refuse-head.ts";
import type { Upstream } from "./upstream.ts";

/** How one request of the own program ended. */
export interface OutboundOutcome {
  readonly status: number;
  readonly flags: readonly string[];
  readonly details: string;
  readonly attempts: number;
  readonly upstreamMs: number;
  readonly bytesOut: number;
  readonly target: UpstreamTarget | undefined;
  readonly connection: Upstream | undefined;
}

export const nothingSent: OutboundOutcome = {
  status: 0,
  flags: [],
  details: "-",
  attempts: 0,
  upstreamMs: 0,
  bytesOut: 0,
  target: undefined,
  connection: undefined,
};

/** What is known of a request before it is sent. */
export interface OutboundAsked {
  readonly requestId: string;
  readonly path: string;
  readonly plan: OutboundPlan | undefined;
}

export function recordOutbound(
  connection: OutboundConnection,
  binding: Binding,
  exchange: Exchange,
  outcome: OutboundOutcome,
  asked: OutboundAsked,
): void {
  const { sidecar, destination } = connection;
  const { reporter, clock } = sidecar.shared;
  const { head } = exchange;
  const { target } = outcome;
  const { plan } = asked;
  const path = plan?.path ?? asked.path;
  const to =
    target === undefined
      ? { workload: null, address: connection.dialled, spiffe: null }
      : targetParty(sidecar, target, outcome.connection?.spiffe ?? null);
  reporter.exchange({
    at: clock.now(),
    generation: binding.generation,
    proxy: sidecar.proxy,
    side: "outbound",
    protocol: exchange.protocol,
    from: connection.from,
    to,
    destination,
    method: head.method,
    authority: head.authority,
    path,
    originalPath: path === head.target ? null : head.target,
    requestId: asked.requestId,
    status: outcome.status,
    flags: outcome.flags.length === 0 ? "-" : outcome.flags.join(","),
    details: outcome.details,
    handshake: outcome.connection?.handshake ?? null,
    route: plan?.route?.name ?? null,
    routeAt: plan?.route?.provenance ?? null,
    cluster: plan?.clusterName ?? null,
    endpoint: target === undefined ? null : to.address,
    attempts: outcome.attempts,
    totalMs: clock.monotonic() - exchange.startedAt,
    upstreamMs: outcome.upstreamMs,
    bytesIn: exchange.received(),
    bytesOut: outcome.bytesOut,
    head,
    decision: undefined,
    authorized: undefined,
    section: undefined,
    caller: undefined,
  });
}

/** A head that breaks the protocol is answered and told, never routed. */
export function refuseOutbound(connection: OutboundConnection, error: CodecError, protocol: HttpVersion): ReplyHead {
  const { sidecar, destination } = connection;
  return refuseHead(sidecar, error, {
    side: "outbound",
    protocol,
    options: sidecar.binding().outbound.section.options,
    from: connection.from,
    to: { workload: null, address: connection.dialled, spiffe: null },
    destination,
    handshake: null,
    cluster: null,
  });
}
