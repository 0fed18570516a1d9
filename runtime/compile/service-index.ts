import type { Mesh, Service, Workload } from "../model/mesh.ts";
import { isSelected } from "../policy/selector.ts";

/** The services that select a workload, oldest first. Indexed by namespace and by one label of the selector. */
export function bindServicesOf(mesh: Mesh): (workload: Workload) => readonly Service[] {
  const index = new Map<string, Service[]>();
  for (const service of mesh.services.toSorted(byAge)) {
    const [label] = Object.entries(service.selector);
    if (label === undefined || service.externalName !== undefined) continue;
    push(index, JSON.stringify([service.namespace, ...label]), service);
  }
  return (workload) =>
    Object.entries(workload.labels)
      .flatMap((label) => index.get(JSON.stringify([workload.namespace, ...label])) ?? [])
      .filter((service) => isSelected(service.selector, workload.labels))
      .toSorted(byAge);
}

/** The workloads that a service selects, ready or not, in the order of the mesh. */
export function bindWorkloadsOf(mesh: Mesh): (service: Service) => readonly Workload[] {
  const index = new Map<string, Workload[]>();
  for (const workload of mesh.workloads) {
    for (const label of Object.entries(workload.labels))
      push(index, JSON.stringify([workload.namespace, ...label]), workload);
  }
  return (service) => {
    const [label] = Object.entries(service.selector);
    if (label === undefined || service.externalName !== undefined) return [];
    const candidates = index.get(JSON.stringify([service.namespace, ...label])) ?? [];
    return candidates.filter((workload) => isSelected(service.selector, workload.labels));
  };
}

function push<T>(index: Map<string, T[]>, key: string, value: T): void {
  const list = index.get(key);
  if (list === undefined) index.set(key, [value]);
  else list.push(value);
}

/** The order of `byAge` for services, which are not resources here. */
function byAge(a: Service, b: Service): number {
  const age = (a.createdAt ?? 0) - (b.createdAt ?? 0);
  if (age !== 0) return age;
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1;
  return 0;
}
