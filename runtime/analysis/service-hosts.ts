import type { Labels } from "../model/resource.ts";
import type { serviceEntry } from "../config/shapes/service-entry.ts";
import { specOf } from "./object.ts";
import { list, number } from "./read.ts";
import type { World } from "./world.ts";

/** What a host of the mesh offers. */
export interface HostedService {
  readonly ports: readonly number[];
  /** `workloadSelector.labels` of a ServiceEntry. */
  readonly workloads: Labels;
}

/** Services by `scope/host`; the scope is a namespace or `*`. */
export type ServiceHosts = ReadonlyMap<string, HostedService>;

/** Hosts of ServiceEntries and Services with the namespaces that they are exported to. */
export function serviceHosts(world: World): ServiceHosts {
  const hosts = new Map<string, HostedService>();
  for (const object of world.all("ServiceEntry")) {
    const spec = specOf<typeof serviceEntry>(object);
    const service = {
      ports: (spec.ports ?? []).map((port) => port.number ?? 0),
      workloads: spec.workloadSelector?.labels ?? {},
    };
    const exports = spec.exportTo ?? [];
    for (const host of spec.hosts ?? []) {
      // After the first host with `*` in exportTo Istio takes the others as exported to all.
      const toAll = exports.length === 0 || exports.includes("*");
      for (const scope of toAll ? ["*"] : exports.map((name) => (name === "." ? object.namespace : name)))
        hosts.set(scopedHost(scope, object.namespace, host), service);
    }
  }
  for (const object of world.all("Service")) {
    const service = { ports: list(object.spec, "ports").map((port) => number(port, "port")), workloads: {} };
    const written = object.annotations["networking.istio.io/exportTo"] ?? "";
    const scopes = written === "" ? ["*"] : written.split(",").map((name) => name.trim());
    for (const scope of scopes)
      hosts.set(scopedHost(scope === "." ? object.namespace : scope, object.namespace, object.name), service);
  }
  return hosts;
}

/** `scope/host`, a name without a dot completed with the namespace. */
export function scopedHost(scope: string, namespace: string, host: string): string {
  const name = host.startsWith("*") || host.includes(".") ? host : `${host}.${namespace}.svc.cluster.local`;
  return `${scope}/${name}`;
}

/** The service that a destination of a namespace's rule means. */
export function destinationHost(
  namespace: string,
  exportTo: readonly string[],
  host: string,
  hosts: ServiceHosts,
): HostedService | undefined {
  const scopes = [
    "*",
    ...(exportTo.length === 0 ? [namespace] : exportTo.map((name) => (name === "." ? namespace : name))),
  ];
  for (const scope of scopes) {
    const found = hosts.get(scopedHost(scope, namespace, host));
    if (found !== undefined) return found;
  }
  for (const [scoped, service] of hosts) {
    const slash = scoped.indexOf("/");
    const scope = scoped.slice(0, slash);
    const name = scoped.slice(slash + 1);
    if (!name.startsWith("*") || (scope !== "*" && scope !== namespace)) continue;
    if (host.replace(/^\*/, "").endsWith(name.slice(1))) return service;
  }
  return undefined;
}
