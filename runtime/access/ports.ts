import { bindServicesOf } from "../compile/service-index.ts";
import { spiffeId } from "../model/identity.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
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

/** Callers, addresses and hosts of a mesh as examples of requests to one of its workloads. */
export function surroundingsOf(mesh: Mesh, workload: Workload): Surroundings {
  const others = mesh.workloads.filter((each) => each.id !== workload.id);
  const known = [...others, workload];
  return {
    identities: [...new Set(known.filter(({ sidecar }) => sidecar).map((each) => identityOf(mesh, each)))],
    addresses: known.map(({ address }) => address),
    hosts: bindServicesOf(mesh)(workload).flatMap((service) => [
      service.name,
      `${service.name}.${service.namespace}`,
      service.hostname,
    ]),
  };
}

/** The SPIFFE id of a workload. */
export function identityOf(mesh: Mesh, { trustDomain, namespace, serviceAccount }: Workload): string {
  return spiffeId({ trustDomain: trustDomain ?? mesh.config.trustDomain, namespace, serviceAccount });
}
