import type { Problem } from "../../core/problem.ts";
import { resourceName } from "../../model/resource.ts";
import { problemAt } from "./objects.ts";
import type { PodTemplate } from "./pod-template.ts";

/**
 * The name under which `up`, `can` and `ps` know a workload: the document's own, with its namespace where two namespaces have it,
 * and its kind where two kinds have it.
 */
export function workloadKeys(templates: readonly PodTemplate[]): readonly string[] {
  const named = templates.map(({ resource }) => slug(resource.name));
  return templates.map(({ resource, kind }, index) => {
    const alike = templates.filter((_, other) => named[other] === named[index]);
    const isShared = alike.some((other) => other.resource.namespace !== resource.namespace);
    const isTwofold = alike.some((other) => other.resource.namespace === resource.namespace && other.kind !== kind);
    return [named[index], ...(isShared ? [resource.namespace] : []), ...(isTwofold ? [kind.toLowerCase()] : [])].join(
      "-",
    );
  });
}

/** Workloads that would share a name here: each would have the other's policies and certificate. */
export function sharedNames(templates: readonly PodTemplate[], keys: readonly string[]): readonly Problem[] {
  const holders = new Map<string, PodTemplate>();
  return templates.flatMap((template, index) => {
    const key = keys[index] ?? "";
    const holder = holders.get(key);
    holders.set(key, template);
    if (holder === undefined) return [];
    return [
      problemAt(template.resource, "metadata.name", {
        code: "MD2038",
        message: `${resourceName(template.resource)} and ${resourceName(holder.resource)} would both be called ${key}`,
        hint: "rename one of them",
      }),
    ];
  });
}

/** Kubernetes allows dots in the names of workloads; the names of services here are DNS labels. */
function slug(name: string): string {
  return name.replaceAll(".", "-").slice(0, 63);
}

/** Whether a name on the command line means this workload: its key, its own name, or `name.namespace`. */
export function isMeant(said: string, key: string, { resource }: PodTemplate): boolean {
  return said === key || said === resource.name || said === `${resource.name}.${resource.namespace}`;
}
