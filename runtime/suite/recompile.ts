import { bindAuthorization } from "../compile/authorization.ts";
import { compile } from "../compile/compile.ts";
import type { AuthorizationPolicySpec } from "../model/istio-security.ts";
import type { Mesh, Workload, World } from "../model/mesh.ts";
import type { Resource } from "../model/resource.ts";
import type { ProxyId, ProxySnapshot } from "../model/snapshot.ts";
import { isSelected } from "../policy/selector.ts";
import type { Mutant } from "./mutants.ts";

type Snapshots = ReadonlyMap<ProxyId, ProxySnapshot>;

/**
 * The snapshots of a mutant from those of the mesh that it comes from; what is not touched stays the same object. An
 * AuthorizationPolicy only changes what is decided at the workloads that it selects.
 */
export function recompile(mutant: Mutant, mesh: Mesh, world: World, base: Snapshots): Snapshots {
  if (mutant.before.kind !== "AuthorizationPolicy") return compile(mesh, world, base);
  const touched = mesh.workloads.filter((workload) => isTouched(mutant, workload, mesh));
  const authorizationPolicies = mesh.policies.authorizationPolicies.filter((policy) =>
    touched.some((workload) => selects(policy, workload, mesh)),
  );
  const policiesOf = bindAuthorization({ ...mesh, policies: { ...mesh.policies, authorizationPolicies } });
  const snapshots = new Map(base);
  for (const workload of touched) {
    const before = base.get(workload.id);
    if (before === undefined) continue;
    snapshots.set(workload.id, { ...before, inbound: { ...before.inbound, ...policiesOf(workload) } });
  }
  return snapshots;
}

function isTouched({ before, after }: Mutant, workload: Workload, mesh: Mesh): boolean {
  return selects(before, workload, mesh) || (after !== undefined && selects(after, workload, mesh));
}

function selects(policy: Resource, workload: Workload, { config }: Mesh): boolean {
  const { selector } = policy.spec as AuthorizationPolicySpec;
  const reaches = policy.namespace === config.rootNamespace || policy.namespace === workload.namespace;
  return reaches && isSelected(selector?.matchLabels, workload.labels);
}
