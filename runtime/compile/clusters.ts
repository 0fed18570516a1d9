import type { ConnectionPoolSettings } from "../model/istio-networking.ts";
import type { Service, ServicePort, Workload } from "../model/mesh.ts";
import type { Labels } from "../model/resource.ts";
import type { Cluster } from "../model/snapshot.ts";
import { isSelected } from "../policy/selector.ts";
import { blackHoleCluster, passthroughCluster } from "../traffic/listener.ts";
import { parseDuration } from "./duration.ts";
import { outboundHttp } from "./http-protocol.ts";
import type { IndexedService, MeshIndex } from "./mesh-index.ts";
import { maxRequests } from "./connection-pool.ts";
import { policyBlock } from "./policy-block.ts";
import { clusterName } from "./routes.ts";

/** One cluster per port of each visible service, and one per subset of the rule that the client obeys (spec traffic 3.1.1). */
export function compileClusters(
  index: MeshIndex,
  client: Workload,
  services: readonly IndexedService[],
): Readonly<Record<string, Cluster>> {
  const clusters: Record<string, Cluster> = {};
  for (const { service, workloads } of services) {
    // An alias has no cluster of its own (spec traffic 1.1.9).
    if (service.externalName !== undefined) continue;
    const rule = index.destinationRule(client, service.hostname, service.namespace);
    const subsets = (rule?.subsets ?? []).map(({ subset }) => ({ name: subset.name, labels: subset.labels ?? {} }));
    for (const port of service.ports) {
      if (port.protocol === "udp") continue;
      for (const subset of [wholeService, ...subsets]) {
        const members = workloads.filter((workload) => isSelected(subset.labels, workload.labels));
        const pool = policyBlock(rule, port.port, subset.name, "connectionPool")?.value;
        const cluster = compileCluster(index, client, { service, port, subset: subset.name, members, pool });
        clusters[cluster.name] ??= cluster;
      }
    }
  }
  const fixed = fixedCluster(index);
  clusters[fixed.name] = fixed;
  return clusters;
}

/**
 * Services that the client may not see, by `VIP:port`: its sidecar has no cluster for them, but whoever dials the VIP reaches a ready pod in
 * the open, as kube-proxy arranges.
 */
export function compileHidden(
  index: MeshIndex,
  services: readonly IndexedService[],
): Readonly<Record<string, Cluster>> | undefined {
  const hidden: Record<string, Cluster> = {};
  for (const { service, workloads } of services) {
    if (service.externalName !== undefined || service.address === "None") continue;
    for (const { port, target, protocol } of service.ports) {
      if (protocol === "udp") continue;
      hidden[`${service.address}:${port}`] = {
        ...fixedCluster(index),
        name: clusterName(port, "", service.hostname),
        discovery: "endpoints",
        endpoints: workloads.map(({ id, address }) => ({
          workload: id,
          address,
          port: target,
          ready: index.world.ready.has(id),
          mtls: false,
        })),
      };
    }
  }
  return Object.keys(hidden).length === 0 ? undefined : hidden;
}

const wholeService: { readonly name: string; readonly labels: Labels } = { name: "", labels: {} };

interface Destination {
  readonly service: Service;
  readonly port: ServicePort;
  readonly subset: string;
  readonly members: readonly Workload[];
  readonly pool: ConnectionPoolSettings | undefined;
}

function compileCluster(index: MeshIndex, client: Workload, destination: Destination): Cluster {
  const { service, port, subset, members, pool } = destination;
  const { tls, because, keepMarks } = index.tls.resolve(client, service, port, subset);
  // A cluster that waits for its secret has no host to give, whatever address was dialled.
  const waits = tls.mode === "withheld";
  return {
    name: clusterName(port.port, subset, service.hostname),
    host: service.hostname,
    port: port.port,
    subset,
    protocol: port.protocol,
    http: outboundHttp(port.protocol, pool, index.mesh.config),
    discovery: service.address === "None" && !waits ? "original-destination" : "endpoints",
    endpoints: (waits ? [] : members).map((workload) => ({
      workload: workload.id,
      address: workload.address,
      port: port.target,
      // Listed though not ready, but without traffic (spec traffic 1.1.10).
      ready: index.world.ready.has(workload.id),
      mtls: index.tls.endpointMtls(workload, port.target, keepMarks),
    })),
    tls,
    connectTimeoutMs: connectTimeoutMs(index),
    maxRequests: maxRequests(pool),
    because,
  };
}

/** Where traffic goes that nothing in the registry claims: to the dialled address, or nowhere (spec traffic 3.1.4). Always plain. */
function fixedCluster(index: MeshIndex): Cluster {
  const open = index.mesh.config.outboundTrafficPolicy === "ALLOW_ANY";
  return {
    name: open ? passthroughCluster : blackHoleCluster,
    host: "",
    port: 0,
    subset: "",
    protocol: "auto",
    http: "downstream",
    discovery: open ? "original-destination" : "endpoints",
    endpoints: [],
    tls: { mode: "none" },
    connectTimeoutMs: connectTimeoutMs(index),
    maxRequests: undefined,
    because: [],
  };
}

function connectTimeoutMs(index: MeshIndex): number {
  const raw = index.mesh.config.raw["connectTimeout"];
  return parseDuration(typeof raw === "string" ? raw : undefined) ?? 10_000;
}
