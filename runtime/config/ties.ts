import type { Problem } from "../core/problem.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import { positionOf, type Resource, resourceName } from "../model/resource.ts";
import { resolveHost } from "./host-names.ts";

/** Pairs of resources of equal or missing age that compete for the same thing, so that their names decided (model.md §1, spec PA-3). */
export function findTies(mesh: Mesh): readonly Problem[] {
  return [...peerAuthenticationTies(mesh), ...virtualServiceTies(mesh), ...destinationRuleTies(mesh)];
}

function peerAuthenticationTies(mesh: Mesh): readonly Problem[] {
  const problems: Problem[] = [];
  const byNamespace = Map.groupBy(mesh.policies.peerAuthentications, (policy) => policy.namespace);
  for (const policies of byNamespace.values()) {
    const wide = policies.filter((policy) => Object.keys(policy.spec.selector?.matchLabels ?? {}).length === 0);
    problems.push(...compare(wide, "the whole namespace"));
    const selecting = policies.filter((policy) => !wide.includes(policy));
    if (selecting.length < 2 || selecting[0]?.namespace === mesh.config.rootNamespace) continue;
    const seen = new Set<string>();
    for (const workload of mesh.workloads) {
      const rivals = selecting.filter((policy) =>
        selectsWorkload(policy.spec.selector?.matchLabels ?? {}, policy.namespace, workload),
      );
      const key = rivals.map((policy) => policy.name).join("/");
      if (rivals.length < 2 || seen.has(key)) continue;
      seen.add(key);
      problems.push(...compare(rivals, workload.service));
    }
  }
  return problems;
}

function virtualServiceTies(mesh: Mesh): readonly Problem[] {
  const owners = new Map<string, Resource[]>();
  for (const resource of mesh.policies.virtualServices) {
    const gateways = resource.spec.gateways ?? [];
    if (gateways.length > 0 && !gateways.includes("mesh")) continue;
    for (const host of resource.spec.hosts ?? []) collect(owners, resolveHost(host, resource.namespace), resource);
  }
  return [...owners].flatMap(([host, rivals]) => compare(rivals, host));
}

/** Rules of one host and namespace are merged; only their traffic policies compete. */
function destinationRuleTies(mesh: Mesh): readonly Problem[] {
  const owners = new Map<string, Resource[]>();
  for (const resource of mesh.policies.destinationRules) {
    if (resource.spec.trafficPolicy === undefined || resource.spec.workloadSelector !== undefined) continue;
    collect(owners, `${resource.namespace}/${resolveHost(resource.spec.host, resource.namespace)}`, resource);
  }
  return [...owners].flatMap(([key, rivals]) => compare(rivals, key.slice(key.indexOf("/") + 1)));
}

function collect(owners: Map<string, Resource[]>, key: string, resource: Resource): void {
  const list = owners.get(key);
  if (list === undefined) owners.set(key, [resource]);
  else list.push(resource);
}

/** `rivals` are in order; the first wins, and a loser of the same age lost by its name. */
function compare(rivals: readonly Resource[], what: string): readonly Problem[] {
  const [winner, ...losers] = rivals;
  if (winner === undefined) return [];
  return losers
    .filter((loser) => loser.createdAt === winner.createdAt && loser !== winner)
    .map((loser) => ({
      code: "MD2003",
      severity: "warning",
      message: `${resourceName(winner)} wins over ${resourceName(loser)} for ${what}: neither is older, so the order of names decided`,
      hint: "merge the two, or set metadata.creationTimestamp",
      at: positionOf(loser, "metadata.name"),
      resource: resourceName(loser),
      field: "metadata.name",
    }));
}

function selectsWorkload(labels: Readonly<Record<string, string>>, namespace: string, workload: Workload): boolean {
  return (
    workload.namespace === namespace && Object.entries(labels).every(([key, value]) => workload.labels[key] === value)
  );
}
