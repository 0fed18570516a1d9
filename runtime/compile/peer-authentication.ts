import type { PeerAuthentication } from "../model/istio-security.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import { byAge } from "../model/resource.ts";
import { selectLevels, workloadMode, type ModeResult, type PeerAuthenticationLevels } from "../policy/mtls-mode.ts";

function byNamespace(mesh: Mesh): ReadonlyMap<string, readonly PeerAuthentication[]> {
  const index = new Map<string, PeerAuthentication[]>();
  for (const policy of mesh.policies.peerAuthentications.toSorted(byAge)) {
    const list = index.get(policy.namespace);
    if (list === undefined) index.set(policy.namespace, [policy]);
    else list.push(policy);
  }
  return index;
}

/** The PeerAuthentications of any workload of a mesh, indexed once. */
export function bindPeerAuthentication(mesh: Mesh): (workload: Workload) => PeerAuthenticationLevels {
  const index = byNamespace(mesh);
  const root = mesh.config.rootNamespace;
  return (workload) => selectLevels(index.get(root) ?? [], index.get(workload.namespace) ?? [], workload, root);
}

/** The coarse mode of a namespace, all that a client looks at before it decides on auto mTLS (spec PA-9, CT-13). */
export function bindNamespaceMode(mesh: Mesh): (namespace: string) => ModeResult {
  const index = byNamespace(mesh);
  const root = mesh.config.rootNamespace;
  return (namespace) => {
    const levels = selectLevels(index.get(root) ?? [], index.get(namespace) ?? [], { namespace, labels: {} }, root);
    return workloadMode({ ...levels, workload: undefined });
  };
}
