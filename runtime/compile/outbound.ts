import type { Workload } from "../model/mesh.ts";
import type { OutboundListener, OutboundSection, RouteTable } from "../model/snapshot.ts";
import { wildcardAddress } from "../traffic/listener.ts";
import { compileClusters, compileHidden } from "./clusters.ts";
import { isVisible } from "./export-to.ts";
import { outboundOptions } from "./http-options.ts";
import { isHttp, type MeshIndex } from "./mesh-index.ts";
import { clusterName } from "./routes.ts";
import { compileTcpRoutes } from "./tcp-routes.ts";
import { catchAll, compileVirtualHosts, indexOwners, privateTable, type TableInput } from "./virtual-hosts.ts";
import { visibleVirtualServices } from "./virtual-service-index.ts";

/**
 * What a client's sidecar does with traffic that leaves. Clients that no rule can tell apart get the same object: a section
 * costs once per namespace, not once per workload.
 */
export function compileOutbound(index: MeshIndex, client: Workload): OutboundSection {
  const key = clientClass(index, client);
  const section = index.sections.get(key) ?? compileSection(index, client);
  index.sections.set(key, section);
  return withoutOwnAddress(section, client);
}

/** Namespace, and the labels when a VirtualService or DestinationRule looks at them. */
function clientClass(index: MeshIndex, client: Workload): string {
  const byLabels =
    index.virtualServices.some(({ usesLabels }) => usesLabels) ||
    index.mesh.policies.destinationRules.some(({ spec }) => spec.workloadSelector !== undefined);
  const labels = byLabels ? Object.entries(client.labels).toSorted(([a], [b]) => (a < b ? -1 : 1)) : [];
  return JSON.stringify([client.namespace, client.trustDomain ?? "", client.sidecar, labels, client.proxyConfig ?? ""]);
}

function compileSection(index: MeshIndex, client: Workload): OutboundSection {
  const isSeen = ({ visibility }: MeshIndex["services"][number]): boolean => isVisible(visibility, client.namespace);
  const services = index.services.filter(isSeen);
  const hidden = compileHidden(
    index,
    index.services.filter((service) => !isSeen(service)),
  );
  const virtualServices = visibleVirtualServices(index.virtualServices, client.namespace);
  const input: TableInput = { index, client, services, virtualServices, owners: indexOwners(virtualServices) };
  const mode = index.mesh.config.outboundTrafficPolicy;
  const listeners = compileListeners(input);
  return {
    mode,
    listeners,
    routes: compileTables(input, listeners),
    clusters: compileClusters(index, client, services),
    ...(hidden === undefined ? {} : { hidden }),
    options: outboundOptions(index.mesh, client),
  };
}

/**
 * HTTP services of a port share one listener; others listen on their VIP, headless ones on each endpoint (spec traffic
 * 1.1.5, 1.2.11, 1.5.1). The first service to claim an address keeps it.
 */
function compileListeners(input: TableInput): readonly OutboundListener[] {
  const { services } = input;
  const listeners = new Map<string, OutboundListener>();
  const known = new Map(services.map(({ service }) => [service.hostname, service]));
  const claim = (listener: OutboundListener): void => {
    const key = `${listener.address}:${listener.port}`;
    if (!listeners.has(key)) listeners.set(key, listener);
  };
  for (const { service, workloads } of services) {
    if (service.externalName !== undefined) continue;
    for (const { port, protocol } of service.ports) {
      if (protocol === "udp") continue;
      if (isHttp(protocol)) {
        claim({
          address: wildcardAddress,
          port,
          protocol: "http",
          routes: `${port}`,
          fallback: undefined,
          tcp: undefined,
        });
        continue;
      }
      const addresses = service.address === "None" ? workloads.map(({ address }) => address) : [service.address];
      const fallback = clusterName(port, "", service.hostname);
      const tcp = compileTcpRoutes(service, protocol, input.virtualServices, {
        client: input.client,
        port,
        services: known,
      });
      for (const address of addresses) {
        claim(
          protocol === "auto"
            ? { address, port, protocol: "auto", routes: `${service.hostname}:${port}`, fallback, tcp }
            : { address, port, protocol: "tcp", routes: undefined, fallback, tcp },
        );
      }
    }
  }
  return [...listeners.values()];
}

function compileTables(
  input: TableInput,
  listeners: readonly OutboundListener[],
): Readonly<Record<string, RouteTable>> {
  const tables: Record<string, RouteTable> = {};
  const shared = new Map<number, ReturnType<typeof compileVirtualHosts>>();
  const byHost = new Map(input.services.map(({ service }) => [service.hostname, service]));
  for (const { port, protocol, routes } of listeners) {
    if (routes === undefined || tables[routes] !== undefined) continue;
    const hosts = shared.get(port) ?? compileVirtualHosts(input, port);
    shared.set(port, hosts);
    const service = protocol === "auto" ? byHost.get(routes.slice(0, routes.lastIndexOf(":"))) : undefined;
    tables[routes] =
      service === undefined
        ? { name: routes, virtualHosts: [...hosts, catchAll(input.index.mesh.config.outboundTrafficPolicy)] }
        : privateTable(routes, hosts, service);
  }
  return tables;
}

/** A workload that dials its own address is not sent through its outbound listeners. */
function withoutOwnAddress(section: OutboundSection, client: Workload): OutboundSection {
  return section.listeners.some(({ address }) => address === client.address)
    ? { ...section, listeners: section.listeners.filter(({ address }) => address !== client.address) }
    : section;
}
