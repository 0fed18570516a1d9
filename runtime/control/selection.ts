import { leaseId } from "../model/lease.ts";
import type { Mesh, Workload } from "../model/mesh.ts";

/** Ids of the workloads that shall run: those of `services` (empty: all) with all that they need, unless `noDeps`. */
export function selectWorkloads(mesh: Mesh, services: readonly string[], noDeps: boolean): ReadonlySet<string> {
  if (services.length === 0) return new Set(mesh.workloads.map((workload) => workload.id));
  const byService = Map.groupBy(mesh.workloads, (workload) => workload.service);
  const wanted = new Set<string>();
  const open = [...services];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (wanted.has(key)) continue;
    wanted.add(key);
    if (noDeps) continue;
    for (const workload of byService.get(key) ?? []) open.push(...(workload.program?.needs ?? []));
  }
  return new Set(mesh.workloads.filter((workload) => wanted.has(workload.service)).map((workload) => workload.id));
}

/** Names that no service has. */
export function unknownServices(mesh: Mesh, services: readonly string[]): readonly string[] {
  const known = new Set(mesh.workloads.map((workload) => workload.service));
  return services.filter((service) => !known.has(service));
}

/** The workloads that a command means: a service's key, or one workload's id. */
export function findWorkloads(mesh: Mesh, name: string): readonly Workload[] {
  return mesh.workloads.filter((workload) => workload.service === name || workload.id === name);
}

/** A caller with the identity of a workload: same account and labels, no program, no ports, an address that nobody has. */
export function leaseWorkload(of: Workload, number: number, taken: ReadonlySet<string>): Workload {
  const suffix = of.id.slice(of.name.length);
  const name = leaseId(of.service, number, "");
  return {
    ...of,
    id: leaseId(of.service, number, suffix),
    name,
    address: freeAddress(taken),
    program: undefined,
    ports: [],
    publish: [],
    at: undefined,
  };
}

function freeAddress(taken: ReadonlySet<string>): string {
  for (let third = 255; third >= 0; third--) {
    for (let fourth = 1; fourth < 255; fourth++) {
      const address = `10.244.${third}.${fourth}`;
      if (!taken.has(address)) return address;
    }
  }
  throw new Error("every workload address is taken");
}
