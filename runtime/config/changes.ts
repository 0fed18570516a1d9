import type { Mesh } from "../model/mesh.ts";
import { type Resource, resourceName } from "../model/resource.ts";

/** What a new mesh changes, one line each: `AuthorizationPolicy default/backend-allow changed`. Empty when nothing that matters did. */
export function describeChanges(before: Mesh | undefined, after: Mesh): readonly string[] {
  if (before === undefined)
    return [`${count(after.workloads.length, "workload")}, ${count(allResources(after).length, "resource")} loaded`];
  return [
    ...compare(
      before.workloads.map((workload) => [`workload ${workload.id}`, workload] as const),
      after.workloads.map((workload) => [`workload ${workload.id}`, workload] as const),
      ["at"],
    ),
    ...compare(
      before.services.map((service) => [`Service ${service.namespace}/${service.name}`, service] as const),
      after.services.map((service) => [`Service ${service.namespace}/${service.name}`, service] as const),
      [],
    ),
    ...compare(named(before), named(after), ["positions"]),
    ...compare(secretsOf(before), secretsOf(after), []),
    ...(fingerprint(before.config, []) === fingerprint(after.config, []) ? [] : ["meshConfig changed"]),
    ...(fingerprint(before.features, []) === fingerprint(after.features, []) ? [] : ["features changed"]),
    ...compare(
      before.namespaces.map((namespace) => [`Namespace ${namespace.name}`, namespace] as const),
      after.namespaces.map((namespace) => [`Namespace ${namespace.name}`, namespace] as const),
      [],
    ),
  ];
}

function compare(
  before: readonly (readonly [string, object])[],
  after: readonly (readonly [string, object])[],
  ignore: readonly string[],
): readonly string[] {
  const old = new Map(before);
  const now = new Map(after);
  return [
    ...[...now].flatMap(([name, value]) => {
      const previous = old.get(name);
      if (previous === undefined) return [`${name} added`];
      return previous === value || fingerprint(previous, ignore) === fingerprint(value, ignore)
        ? []
        : [`${name} changed`];
    }),
    ...[...old.keys()].filter((name) => !now.has(name)).map((name) => `${name} removed`),
  ];
}

/** Equal for equal meaning; `ignore` names top fields, such as where a document stands, that have none. */
function fingerprint(value: object, ignore: readonly string[]): string {
  return JSON.stringify(Object.fromEntries(Object.entries(value).filter(([key]) => !ignore.includes(key))));
}

function named(mesh: Mesh): readonly (readonly [string, Resource])[] {
  return allResources(mesh).map((resource) => [resourceName(resource), resource] as const);
}

export function allResources(mesh: Mesh): readonly Resource[] {
  const { peerAuthentications, authorizationPolicies, destinationRules, virtualServices } = mesh.policies;
  return [...peerAuthentications, ...authorizationPolicies, ...destinationRules, ...virtualServices, ...mesh.others];
}

/** Their contents tell versions apart and are not told. */
function secretsOf({ credentials }: Mesh): readonly (readonly [string, object])[] {
  return credentials.secrets.map(({ namespace, name, data }) => [`Secret ${namespace}/${name}`, [...data]] as const);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
