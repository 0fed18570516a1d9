import type { Clock } from "../core/clock.ts";
import type { Cluster, OutboundSection, ProxySnapshot } from "../model/snapshot.ts";
import { bindInbound, type BoundInbound } from "../policy/bind-inbound.ts";
import { bindOutbound } from "../traffic/outbound-plan.ts";
import type { BoundOutbound as BoundTraffic } from "../traffic/outbound-plan.ts";

/** A snapshot made callable. Sections whose hash did not change keep their closures. */
export interface Binding {
  readonly generation: number;
  readonly snapshot: ProxySnapshot;
  readonly inbound: BoundInbound;
  readonly outbound: BoundOutbound;
}

export interface BoundOutbound {
  readonly section: OutboundSection;
  readonly traffic: BoundTraffic;
  readonly cluster: (name: string) => Cluster | undefined;
  /** The cluster of a service by its VIP and port, as kube-proxy would know it. */
  readonly service: (address: string, port: number) => Cluster | undefined;
}

/** Sections that are bound already, by their hash: sidecars that know the same share it. */
export interface BoundSections {
  readonly inbound: Map<string, BoundInbound>;
  readonly outbound: Map<string, BoundOutbound>;
}

export function boundSections(bindings: Iterable<Binding>): BoundSections {
  const bound: BoundSections = { inbound: new Map(), outbound: new Map() };
  for (const { snapshot, inbound, outbound } of bindings) {
    bound.inbound.set(snapshot.hashes.inbound, inbound);
    bound.outbound.set(snapshot.hashes.outbound, outbound);
  }
  return bound;
}

/** What is bound anew is added to `known`; `clock` judges tokens. */
export function bindSnapshot(
  snapshot: ProxySnapshot,
  generation: number,
  known: BoundSections,
  clock: Pick<Clock, "now">,
): Binding {
  const { hashes } = snapshot;
  const inbound = known.inbound.get(hashes.inbound) ?? bindInbound(snapshot.inbound, clock);
  const outbound = known.outbound.get(hashes.outbound) ?? bindOutboundSection(snapshot.outbound);
  known.inbound.set(hashes.inbound, inbound);
  known.outbound.set(hashes.outbound, outbound);
  // The sections of the snapshot itself may be copies that nobody else needs.
  return {
    generation,
    snapshot: { ...snapshot, inbound: inbound.section, outbound: outbound.section },
    inbound,
    outbound,
  };
}

function bindOutboundSection(section: OutboundSection): BoundOutbound {
  const clusters = new Map(Object.entries(section.clusters));
  return {
    section,
    traffic: bindOutbound(section),
    cluster: (name) => clusters.get(name),
    service: (address, port) => {
      const name = serviceAt(section, address, port);
      return name === undefined ? section.hidden?.[`${address}:${port}`] : clusters.get(name);
    },
  };
}

/** A service's VIP is a domain of its virtual host, which is named `host:port`; a TCP service has a listener of its own. */
function serviceAt(section: OutboundSection, address: string, port: number): string | undefined {
  for (const listener of section.listeners) {
    if (listener.port === port && listener.address === address && listener.fallback !== undefined)
      return listener.fallback;
  }
  for (const table of Object.values(section.routes)) {
    for (const host of table.virtualHosts) {
      if (host.domains.includes(address) && host.name.endsWith(`:${port}`))
        return `outbound|${port}||${host.name.slice(0, -`:${port}`.length)}`;
    }
  }
  return undefined;
}
