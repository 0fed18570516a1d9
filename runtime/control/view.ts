import { spiffeId } from "../model/identity.ts";
import type { Mesh, Service, Workload } from "../model/mesh.ts";
import { positionOf, type Labels, type Resource } from "../model/resource.ts";
import type { ProxyId, ProxySnapshot } from "../model/snapshot.ts";
import type { MeshView, ResourceView, ServiceView, WorkloadView } from "../model/state.ts";
import { noTraffic, noUsage } from "../store/initial-state.ts";

/** What a mesh looks like on screens before anything of it lives. */
export function viewMesh(
  mesh: Mesh,
  snapshots: ReadonlyMap<ProxyId, ProxySnapshot>,
  missing: readonly string[],
): MeshView {
  return {
    trustDomain: mesh.config.trustDomain,
    workloads: mesh.workloads.map((workload) => viewWorkload(mesh, workload, snapshots.get(workload.id))),
    services: viewServices(mesh),
    resources: viewResources(mesh),
    missing,
  };
}

function identityOf(mesh: Mesh, workload: Workload): string {
  return spiffeId({
    trustDomain: workload.trustDomain ?? mesh.config.trustDomain,
    namespace: workload.namespace,
    serviceAccount: workload.serviceAccount,
  });
}

function viewWorkload(mesh: Mesh, workload: Workload, snapshot: ProxySnapshot | undefined): WorkloadView {
  return {
    id: workload.id,
    service: workload.service,
    namespace: workload.namespace,
    identity: identityOf(mesh, workload),
    address: workload.address,
    sidecar: workload.sidecar,
    state: { phase: "stopped" },
    restarts: 0,
    ports: workload.ports.map(({ port }) => port),
    published: workload.publish,
    acked: null,
    certificate: null,
    rotateAt: null,
    mtls: Object.fromEntries(
      snapshot?.inbound.listeners.map((listener) => [String(listener.port), listener.mode]) ?? [],
    ),
    traffic: noTraffic,
    resources: noUsage,
  };
}

function viewServices(mesh: Mesh): readonly ServiceView[] {
  // A thousand services must not each look at a thousand workloads: most selectors name an app.
  const byNamespace = Map.groupBy(mesh.workloads, (workload) => workload.namespace);
  const byApp = Map.groupBy(mesh.workloads, (workload) => `${workload.namespace}/${workload.labels["app"] ?? ""}`);
  function membersOf({ namespace, selector }: Service): readonly string[] {
    if (Object.keys(selector).length === 0) return [];
    const app = selector["app"];
    const candidates = app === undefined ? byNamespace.get(namespace) : byApp.get(`${namespace}/${app}`);
    return candidates?.filter((workload) => holds(selector, workload.labels)).map((workload) => workload.id) ?? [];
  }
  return mesh.services.map((service) => ({
    hostname: service.hostname,
    address: service.address,
    ports: service.ports,
    members: membersOf(service),
    endpoints: [],
  }));
}

function viewResources(mesh: Mesh): readonly ResourceView[] {
  const { policies } = mesh;
  const all: readonly Resource[] = [
    ...policies.peerAuthentications,
    ...policies.authorizationPolicies,
    ...policies.destinationRules,
    ...policies.virtualServices,
    ...mesh.others,
  ];
  return all.map((resource) => {
    const { file, line } = positionOf(resource, "");
    return {
      kind: resource.kind,
      namespace: resource.namespace,
      name: resource.name,
      file,
      line,
      selects: selected(mesh, resource),
    };
  });
}

/** Workloads that a security policy is for: those that its selector names in its namespace, or everywhere from the root namespace. */
function selected(mesh: Mesh, resource: Resource): readonly string[] {
  if (resource.kind !== "PeerAuthentication" && resource.kind !== "AuthorizationPolicy") return [];
  const labels = selectorOf(resource.spec);
  return mesh.workloads
    .filter((workload) => workload.sidecar)
    .filter((workload) => resource.namespace === mesh.config.rootNamespace || workload.namespace === resource.namespace)
    .filter((workload) => holds(labels, workload.labels))
    .map((workload) => workload.id);
}

function selectorOf(spec: unknown): Labels {
  const labels = read(read(spec, "selector"), "matchLabels");
  if (typeof labels !== "object" || labels === null) return {};
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]));
}

function read(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function holds(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
