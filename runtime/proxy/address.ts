import type { AddressMap } from "../model/dataplane.ts";

/** Where a model address and port really listen; undefined when a table does not know them. Addresses outside the mesh stand for themselves. */
export function toSocketAddress(
  map: AddressMap,
  address: string,
  port: number,
): { readonly host: string; readonly port: number } | undefined {
  if (!isWorkloadAddress(address)) return { host: address, port };
  // Nobody stands before it, and only its own system knows whether anybody listens.
  if (map.kind === "pods" && map.outsiders.includes(address)) return { host: address, port };
  if (map.kind === "table") return map.entries[`${address}:${port}`];
  return {
    host: callerAlias(map, address) ?? address,
    port: map.kind === "alias" && port < 1024 ? port + 10_000 : port,
  };
}

/** From where a sidecar sees a workload call; undefined without aliases. */
export function callerAlias(map: AddressMap, address: string): string | undefined {
  if (map.kind === "table" || !isWorkloadAddress(address)) return undefined;
  return `127.${map.second}.${address.slice(workloadPrefix.length)}`;
}

/** The model address of a peer seen on a socket: an alias stands for its workload, everything else for itself (model.md §2). */
export function toModelAddress(map: AddressMap, host: string): string {
  const plain = host.startsWith("::ffff:") ? host.slice(7) : host;
  if (map.kind === "table") return plain;
  const prefix = `127.${map.second}.`;
  return plain.startsWith(prefix) ? workloadPrefix + plain.slice(prefix.length) : plain;
}

const workloadPrefix = "10.244.";

export function isWorkloadAddress(address: string): boolean {
  return address.startsWith(workloadPrefix);
}

/** Whether an address is a service's VIP, which exists only in the mesh's own tables. */
export function isServiceAddress(address: string): boolean {
  return address.startsWith("10.96.");
}
