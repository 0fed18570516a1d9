import type { Destination, L4Match, L4Route, VirtualService } from "../model/istio-networking.ts";
import type { PortProtocol, Service, Workload } from "../model/mesh.ts";
import { provenance } from "../model/resource.ts";
import type { TcpRoute, TcpRoutes } from "../model/snapshot.ts";
import { covers, resolveHost } from "./hostname.ts";
import { holdsStatically } from "./route-match.ts";
import { clusterName } from "./routes.ts";
import type { IndexedVirtualService } from "./virtual-service-index.ts";

export interface TcpRouteContext {
  readonly client: Pick<Workload, "namespace" | "labels">;
  /** Port of the listener. */
  readonly port: number;
  /** Every service that the client sees, by hostname. */
  readonly services: ReadonlyMap<string, Service>;
}

/**
 * What the VirtualServices of a service say of one of its ports that is not HTTP, or of what is not HTTP there: `tls[]` on TLS and
 * HTTPS ports, `tcp[]` on all others (spec traffic 2.14.1). Undefined: nothing.
 */
export function compileTcpRoutes(
  service: Service,
  protocol: PortProtocol,
  virtualServices: readonly IndexedVirtualService[],
  context: TcpRouteContext,
): TcpRoutes | undefined {
  const resources = virtualServices
    .filter(({ hosts }) => hosts.some((host) => covers(host, service.hostname)))
    .map(({ resource }) => resource);
  const compiled =
    protocol === "tls" || protocol === "https" ? tlsRoutes(resources, context) : tcpRoutes(resources, context);
  return compiled.routes.length === 0 ? undefined : compiled;
}

/** One route per match; of equal conditions the first counts. Any rule takes the default away (errata traffic A8). */
function tlsRoutes(resources: readonly VirtualService[], context: TcpRouteContext): TcpRoutes {
  const routes = new Map<string, TcpRoute>();
  for (const resource of resources) {
    for (const [index, rule] of (resource.spec.tls ?? []).entries()) {
      for (const [entry, match] of (rule.match ?? []).entries()) {
        if (!holdsStatically(match, context)) continue;
        const key = JSON.stringify([match.sniHosts ?? [], match.destinationSubnets ?? []]);
        const at = `spec.tls[${index}].match[${entry}]`;
        if (!routes.has(key)) routes.set(key, routeOf(resource, rule, at, [match], context));
      }
    }
  }
  return { routes: [...routes.values()], hasFallback: false };
}

/** The first rule that holds without subnets ends the search; rules with subnets stand before it (spec traffic 2.14.3). */
function tcpRoutes(resources: readonly VirtualService[], context: TcpRouteContext): TcpRoutes {
  const routes: TcpRoute[] = [];
  for (const resource of resources) {
    for (const [index, rule] of (resource.spec.tcp ?? []).entries()) {
      const at = `spec.tcp[${index}]`;
      const matches = rule.match ?? [];
      const holding = matches.filter((match) => holdsStatically(match, context));
      if (matches.length > 0 && holding.length === 0) continue;
      const open = holding.every((match) => (match.destinationSubnets ?? []).length > 0) ? holding : [];
      routes.push(routeOf(resource, rule, at, open, context));
      if (open.length === 0) return { routes, hasFallback: false };
    }
  }
  return { routes, hasFallback: true };
}

/** Without a port the destination's only one counts, else the listener's (spec traffic 2.1.9); an alias is followed. */
function clusterOf(destination: Destination, namespace: string, { services, port }: TcpRouteContext): string {
  const host = resolveHost(destination.host, namespace);
  const named = services.get(host);
  const service = named?.externalName === undefined ? named : services.get(named.externalName);
  const only = service?.ports.length === 1 ? service.ports[0]?.port : undefined;
  return clusterName(destination.port?.number ?? only ?? port, destination.subset ?? "", service?.hostname ?? host);
}

function routeOf(
  resource: VirtualService,
  rule: L4Route,
  field: string,
  matches: readonly L4Match[],
  context: TcpRouteContext,
): TcpRoute {
  const names = matches.flatMap((match) => match.sniHosts ?? []).map((name) => name.toLowerCase());
  const subnets = matches.flatMap((match) => match.destinationSubnets ?? []);
  const destinations = rule.route ?? [];
  return {
    serverNames: names.length === 0 || names.includes("*") ? undefined : names,
    subnets: subnets.length === 0 ? undefined : subnets,
    clusters: destinations
      .filter(({ weight }) => destinations.length === 1 || (weight ?? 0) > 0)
      .map(({ destination, weight }) => ({
        cluster: clusterOf(destination, resource.namespace, context),
        weight: weight ?? 0,
      })),
    provenance: provenance(resource, field),
  };
}
