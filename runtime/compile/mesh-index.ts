import type { Mesh, PortProtocol, Service, Workload, World } from "../model/mesh.ts";
import type { OutboundSection } from "../model/snapshot.ts";
import { bindClientTls, type ClientTls } from "./client-tls.ts";
import { bindDestinationRules } from "./destination-rule.ts";
import { parseExportTo, type Visibility } from "./export-to.ts";
import { bindWorkloadsOf } from "./service-index.ts";
import { indexVirtualServices, type IndexedVirtualService } from "./virtual-service-index.ts";

export interface IndexedService {
  readonly service: Service;
  readonly visibility: Visibility;
  readonly workloads: readonly Workload[];
  /** ExternalName services that lead here, however many hops away (spec traffic 1.1.9). */
  readonly aliases: readonly Service[];
}

/** What all clients of one mesh and world share. Made once, thrown away with them. */
export interface MeshIndex {
  readonly mesh: Mesh;
  readonly world: World;
  readonly tls: ClientTls;
  /** Oldest first. */
  readonly services: readonly IndexedService[];
  readonly destinationRule: ReturnType<typeof bindDestinationRules>;
  readonly virtualServices: readonly IndexedVirtualService[];
  /** Sections by client class: clients that no rule can tell apart share one object. */
  readonly sections: Map<string, OutboundSection>;
}

export function indexMesh(mesh: Mesh, world: World): MeshIndex {
  const services = mesh.services.toSorted(
    (a, b) =>
      (a.createdAt ?? 0) - (b.createdAt ?? 0) || compareText(a.name, b.name) || compareText(a.namespace, b.namespace),
  );
  const workloadsOf = bindWorkloadsOf(mesh);
  const aliases = indexAliases(services);
  return {
    mesh,
    world,
    tls: bindClientTls(mesh),
    services: services.map((service) => ({
      service,
      visibility: parseExportTo(
        service.annotations["networking.istio.io/exportTo"]?.split(",").map((value) => value.trim()),
        service.namespace,
        mesh.config.defaultServiceExportTo,
      ),
      workloads: workloadsOf(service),
      aliases: aliases.get(service.hostname) ?? [],
    })),
    destinationRule: bindDestinationRules(mesh),
    virtualServices: indexVirtualServices(mesh),
    sections: new Map(),
  };
}

/** HTTP ports get routes; `auto` ports get them when the first bytes look like HTTP (spec traffic 1.1.5). */
export function isHttp(protocol: PortProtocol): boolean {
  return protocol === "http" || protocol === "http2" || protocol === "grpc" || protocol === "grpc-web";
}

export function isHttpOrAuto(protocol: PortProtocol): boolean {
  return protocol === "auto" || isHttp(protocol);
}

function indexAliases(services: readonly Service[]): ReadonlyMap<string, readonly Service[]> {
  const byHost = new Map(services.map((service) => [service.hostname, service]));
  const found = new Map<string, Service[]>();
  for (const alias of services) {
    let target: Service | undefined = alias;
    const seen = new Set<Service>();
    while (target?.externalName !== undefined && !seen.has(target)) {
      seen.add(target);
      target = byHost.get(target.externalName);
    }
    if (target === undefined || target === alias || target.externalName !== undefined) continue;
    const list = found.get(target.hostname) ?? [];
    list.push(alias);
    found.set(target.hostname, list);
  }
  return found;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
