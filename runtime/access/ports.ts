import type { InboundListener, ProxySnapshot } from "../model/snapshot.ts";
import type { Surroundings } from "./partition.ts";
import type { GuardedPort, Layer } from "./sample.ts";

/** A workload port as its sidecar obeys it. */
export function guardedPort({ workload, inbound, trust }: ProxySnapshot, port: number): GuardedPort {
  const listener = inbound.listeners.find((each) => each.port === port) ?? inbound.passthrough;
  return { address: workload.address, port, listener, inbound, trust };
}

/** Whether policies see requests there, connections, or what each turns out to be. */
export function layersOf({ protocol }: Pick<InboundListener, "protocol">): readonly Layer[] {
  return protocol === "auto" ? ["http", "tcp"] : [protocol];
}

/** The service behind a workload port, by its full name; undefined: none declares it. */
export function serviceOf({
  decorator,
}: InboundListener): { readonly host: string; readonly port: number } | undefined {
  const [, host, port] = /^([^:]+):([0-9]+)\/\*$/.exec(decorator ?? "") ?? [];
  return host === undefined ? undefined : { host, port: Number(port) };
}

/** Callers, addresses and hosts of a mesh as examples of requests to one of its ports. `snapshots`: of all its sidecars. */
export function surroundingsOf(
  snapshots: readonly ProxySnapshot[],
  target: ProxySnapshot,
  listener: InboundListener,
): Surroundings {
  const known = [...snapshots.filter(({ proxy }) => proxy !== target.proxy), target];
  const host = serviceOf(listener)?.host;
  const [name = "", namespace = ""] = host?.split(".") ?? [];
  return {
    identities: [...new Set(known.map(({ identity }) => identity))],
    addresses: known.map(({ workload }) => workload.address),
    hosts: host === undefined ? [] : [name, `${name}.${namespace}`, host],
  };
}
