import type { DecisionRecord } from "../../../runtime/model/decision.ts";
import type { ConnectionEvent, ExchangeEvent, HandshakeEvent, MeshEvent } from "../../../runtime/model/event.ts";
import type { ProxySnapshot } from "../../../runtime/model/snapshot.ts";
import type { ProxyFacts } from "../../../runtime/predict/trace.ts";

/** What events of one request say, in the terms of access logs. */
export interface Told {
  readonly proxies: readonly ProxyFacts[];
  readonly failures: readonly HandshakeEvent[];
  readonly events: readonly MeshEvent[];
}

/**
 * Reads our events as the access logs that the recordings hold. `handshakes`: every handshake so far, because a request may go
 * over a connection that an earlier one opened.
 */
export function factsOf(
  events: readonly MeshEvent[],
  handshakes: ReadonlyMap<string, HandshakeEvent>,
  snapshots: ReadonlyMap<string, ProxySnapshot>,
): Told {
  const sniOf = (id: string | null): string | undefined =>
    (id === null ? undefined : handshakes.get(id)?.tls.sni) ?? undefined;
  const proxies = events.flatMap((event): readonly ProxyFacts[] => {
    if (event.type === "exchange.completed") return [ofExchange(event, sniOf, snapshots)];
    if (event.type === "connection.closed") return [ofConnection(event, snapshots)];
    return [];
  });
  return { proxies, failures: events.filter(isHandshake).filter((event) => event.type === "handshake.failed"), events };
}

export function isHandshake(event: MeshEvent): event is HandshakeEvent {
  return event.type === "handshake.completed" || event.type === "handshake.failed";
}

type Sni = (handshake: string | null) => string | undefined;

function ofExchange(event: ExchangeEvent, sni: Sni, snapshots: ReadonlyMap<string, ProxySnapshot>): ProxyFacts {
  const inbound = event.side === "inbound";
  return {
    proxy: event.proxy,
    side: event.side,
    code: event.status,
    details: event.details,
    flags: unlessDash(event.flags),
    route: event.route ?? undefined,
    cluster: event.cluster ?? undefined,
    peer: inbound ? (event.from.spiffe ?? undefined) : undefined,
    upstreamPeer: inbound ? undefined : (event.to.spiffe ?? undefined),
    sni: inbound ? sni(event.handshake) : undefined,
    attempts: event.attempts,
    protocol: event.protocol,
    path: event.path,
    filterChain: inbound ? chainName(event, "http", snapshots) : undefined,
    termination: undefined,
    decision: decisionOf(event.decision),
    ...(event.extAuthz === null || event.extAuthz === undefined ? {} : { extAuthz: event.extAuthz }),
    because: [],
  };
}

function ofConnection(event: ConnectionEvent, snapshots: ReadonlyMap<string, ProxySnapshot>): ProxyFacts {
  const inbound = event.side === "inbound";
  const asked = event.decision?.reason.startsWith("ext-authz-") === true;
  const denied = event.decision?.verdict === "deny" && !asked;
  const homeless = event.details === "filter_chain_not_found";
  return {
    proxy: event.proxy,
    side: event.side,
    code: 0,
    // An access log has no details of a TCP connection; ours say in words what the flags say.
    details: homeless || asked ? event.details : undefined,
    flags: unlessDash(event.flags),
    route: undefined,
    cluster: event.cluster ?? undefined,
    peer: inbound ? (event.from.spiffe ?? undefined) : undefined,
    upstreamPeer: inbound ? undefined : (event.to.spiffe ?? undefined),
    sni: event.sni ?? undefined,
    attempts: homeless || event.flags === "UH" || event.flags === "NC" ? 0 : 1,
    path: undefined,
    filterChain: inbound && !homeless ? chainName(event, "tcp", snapshots) : undefined,
    termination: denied ? event.details : undefined,
    decision: decisionOf(event.decision),
    ...(event.extAuthz === null || event.extAuthz === undefined ? {} : { extAuthz: event.extAuthz }),
    because: [],
  };
}

function decisionOf(record: DecisionRecord | null): DecisionRecord | undefined {
  return record ?? undefined;
}

function unlessDash(flags: string): string | undefined {
  return flags === "-" ? undefined : flags;
}

/** Chains of one port differ in name only by what they speak. */
function chainName(
  event: ExchangeEvent | ConnectionEvent,
  network: "http" | "tcp",
  snapshots: ReadonlyMap<string, ProxySnapshot>,
): string | undefined {
  const inbound = snapshots.get(event.proxy)?.inbound;
  const port = Number(event.to.address.slice(event.to.address.lastIndexOf(":") + 1));
  const listener = inbound?.listeners.find((each) => each.port === port) ?? inbound?.passthrough;
  return listener?.chains.find((chain) => chain.network === network)?.name;
}
