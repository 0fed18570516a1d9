import { spiffeId } from "../model/identity.ts";
import type { Mesh, Service, Workload } from "../model/mesh.ts";
import type { ProxyId, ProxySnapshot } from "../model/snapshot.ts";
import type { MeshView, ServiceView, WorkloadView } from "../model/state.ts";
import { isSelected } from "../policy/selector.ts";
import { noTraffic, noUsage } from "../store/initial-state.ts";
import { viewResources } from "./view-resources.ts";

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
    return candidates?.filter((workload) => isSelected(selector, workload.labels)).map((workload) => workload.id) ?? [];
  }
  return mesh.services.map((service) => ({
    hostname: service.hostname,
    address: service.address,
    ports: service.ports,
    members: membersOf(service),
    endpoints: [],
  }));
}
