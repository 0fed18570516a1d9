import type { Service, ServicePort, Workload } from "../model/mesh.ts";
import type { Route, RouteTable, VirtualHost } from "../model/snapshot.ts";
import { passthroughCluster } from "../traffic/listener.ts";
import { covers, domainsOf, indexHosts, isWildcard, mostSpecific, type HostIndex } from "./hostname.ts";
import { isHttpOrAuto, type IndexedService, type MeshIndex } from "./mesh-index.ts";
import { anyRequest } from "./route-match.ts";
import { compileRoutes, defaultRoute, noHeaders, plainCluster, type RouteContext } from "./routes.ts";
import type { IndexedVirtualService } from "./virtual-service-index.ts";

/** What the tables of one client are made of. */
export interface TableInput {
  readonly index: MeshIndex;
  readonly client: Workload;
  /** Services and VirtualServices that the client sees, in order of precedence. */
  readonly services: readonly IndexedService[];
  readonly virtualServices: readonly IndexedVirtualService[];
  /** Which VirtualService a service belongs to when only wildcards name it. */
  readonly owners: HostIndex<IndexedVirtualService>;
}

export function indexOwners(virtualServices: readonly IndexedVirtualService[]): HostIndex<IndexedVirtualService> {
  return indexHosts(virtualServices.flatMap((one) => one.hosts.map((host) => [host, one] as const)));
}

/** The virtual hosts that all HTTP services of a port share, without the catch-all (spec traffic 1.5). */
export function compileVirtualHosts(input: TableInput, port: number): readonly VirtualHost[] {
  const known = new Map<string, PortService>();
  for (const one of input.services) {
    const servicePort = one.service.ports.find((candidate) => candidate.port === port);
    if (servicePort !== undefined && servicePort.protocol !== "udp")
      known.set(one.service.hostname, { ...one, port: servicePort });
  }
  const context: RouteContext = {
    mesh: input.index.mesh,
    client: input.client,
    port,
    services: new Map([...known].map(([host, { service }]) => [host, service])),
  };
  const groups: HostGroup[] = [];
  for (const virtualService of relevant(input.virtualServices, known, port)) {
    const group = attach(virtualService, known, input.owners, context);
    if (group !== undefined) groups.push(group);
  }
  const governed = new Set(groups.flatMap((group) => group.services.map(({ service }) => service.hostname)));
  for (const one of known.values()) {
    const { service } = one;
    if (!isHttpOrAuto(one.port.protocol) || governed.has(service.hostname) || service.externalName !== undefined)
      continue;
    groups.push({ hosts: [], services: [one], routes: [defaultRoute(input.index.mesh, service, port)] });
  }
  return claimDomains(groups, input.client.namespace, port);
}

/** The host of last resort of a shared table: to the dialled address, or a plain 502 (spec traffic 1.5.6). */
export function catchAll(mode: "ALLOW_ANY" | "REGISTRY_ONLY"): VirtualHost {
  const name = mode === "ALLOW_ANY" ? "allow_any" : "block_all";
  const route: Route = {
    name,
    match: anyRequest,
    action:
      mode === "ALLOW_ANY"
        ? { kind: "clusters", weighted: false, clusters: [plainCluster(passthroughCluster)] }
        : { kind: "direct", status: 502, body: undefined },
    rewrite: undefined,
    timeoutMs: undefined,
    retry: undefined,
    fault: undefined,
    headers: noHeaders,
    decorator: undefined,
    provenance: undefined,
  };
  return { name, domains: ["*"], routes: [route] };
}

/** A sniffed service has a table of its own: its one host answers to every name (spec traffic 1.5.1). */
export function privateTable(name: string, hosts: readonly VirtualHost[], service: Service): RouteTable {
  const own = hosts.find((host) => host.domains.includes(service.hostname));
  return { name, virtualHosts: own === undefined ? [] : [{ ...own, domains: ["*"] }] };
}

interface PortService extends IndexedService {
  readonly port: ServicePort;
}

/** Hosts and services that share a list of routes. */
interface HostGroup {
  readonly hosts: readonly string[];
  readonly services: readonly PortService[];
  readonly routes: readonly Route[];
}

/** On ports other than 80 a VirtualService counts only when it names a service of that port (spec traffic 2.1.8). */
function relevant(
  virtualServices: readonly IndexedVirtualService[],
  known: ReadonlyMap<string, PortService>,
  port: number,
): readonly IndexedVirtualService[] {
  if (port === 80) return virtualServices;
  const names = [...known.keys()];
  return virtualServices.filter(({ hosts }) =>
    hosts.some((host) => known.has(host) || (isWildcard(host) && names.some((name) => covers(host, name)))),
  );
}

/** Undefined: the VirtualService has no say on this port, and its services keep their default route (spec traffic 2.1.5). */
function attach(
  virtualService: IndexedVirtualService,
  known: ReadonlyMap<string, PortService>,
  owners: HostIndex<IndexedVirtualService>,
  context: RouteContext,
): HostGroup | undefined {
  const hosts: string[] = [];
  const services: PortService[] = [];
  for (const host of virtualService.hosts.toSorted((a, b) => Number(isWildcard(a)) - Number(isWildcard(b)))) {
    const matching = isWildcard(host)
      ? [...known.values()].filter(
          ({ service }) => covers(host, service.hostname) && mostSpecific(owners, service.hostname) === virtualService,
        )
      : [known.get(host)].filter((service) => service !== undefined);
    if (matching.length === 0) hosts.push(host);
    else services.push(...matching);
  }
  const http = services.filter(({ port }) => isHttpOrAuto(port.protocol));
  if (http.length === 0 && context.port !== 80) return undefined;
  const routes = compileRoutes(virtualService.resource, context);
  return routes.length === 0 ? undefined : { hosts, services: http, routes };
}

/** The first group that names a domain keeps it; a real name beats a shortened one (spec traffic 1.5.5). */
function claimDomains(groups: readonly HostGroup[], clientNamespace: string, port: number): readonly VirtualHost[] {
  const real = new Set(groups.flatMap(({ services }) => services.map(({ service }) => service.hostname)));
  const names = new Set<string>();
  const taken = new Set<string>();
  const virtualHosts: VirtualHost[] = [];
  const add = (
    hostname: string,
    wanted: readonly string[],
    expanded: ReadonlySet<string>,
    routes: readonly Route[],
  ): void => {
    const name = `${hostname}:${port}`;
    if (names.has(name)) return;
    names.add(name);
    const domains = wanted.filter((domain) => !taken.has(domain) && !(expanded.has(domain) && real.has(domain)));
    if (domains.length === 0) return;
    const own = [...new Set(domains)];
    for (const domain of own) taken.add(domain);
    virtualHosts.push({ name, domains: own, routes });
  };
  for (const { hosts, services, routes } of groups) {
    for (const host of hosts) add(host, [host.toLowerCase()], new Set(), routes);
    for (const { service, aliases } of services) {
      const { all, expanded } = domainsOf([service, ...aliases], addressOf(service), clientNamespace);
      add(service.hostname, all, expanded, routes);
    }
  }
  return virtualHosts;
}

/** An alias has no address of its own. */
function addressOf(service: Service): string | undefined {
  return service.externalName === undefined ? service.address : undefined;
}
