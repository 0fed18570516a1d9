import type { Provenance } from "../model/resource.ts";
import type { Cluster, ProxySnapshot } from "../model/snapshot.ts";
import type { GuardedPort } from "./sample.ts";

/** How the calls of a sidecar arrive at a port. */
export interface Arrival {
  /** `foreign-tls`: the client begins a TLS that is not the mesh's, or one that the server does not end. */
  readonly kind: "mutual" | "plaintext" | "foreign-tls";
  /** What made the client choose so. */
  readonly because: readonly Provenance[];
}

/** By the client's own settings for the service behind the port (spec CT-13…CT-16); without one it calls in plaintext. */
export function arrivalOf(client: ProxySnapshot, target: ProxySnapshot, { port, listener }: GuardedPort): Arrival {
  const found = clusterTo(client, target, port);
  if (found === undefined) return { kind: "plaintext", because: [] };
  const { tls, because } = found;
  const isOff = listener.mode === "DISABLE";
  switch (tls.mode) {
    case "none":
      return { kind: "plaintext", because };
    case "auto":
      return { kind: isOff || !isMarked(found, target, port) ? "plaintext" : "mutual", because };
    case "istio":
      return { kind: isOff ? "foreign-tls" : "mutual", because };
    case "simple":
    case "mutual":
    case "withheld":
      return { kind: "foreign-tls", because };
  }
}

/** The service as a whole; its subsets may have settings of their own. */
function clusterTo(client: ProxySnapshot, target: ProxySnapshot, port: number): Cluster | undefined {
  const clusters = Object.values(client.outbound.clusters).filter((cluster) =>
    cluster.endpoints.some((endpoint) => endpoint.workload === target.proxy && endpoint.port === port),
  );
  return clusters.find(({ subset }) => subset === "") ?? clusters[0];
}

function isMarked({ endpoints }: Cluster, target: ProxySnapshot, port: number): boolean {
  return endpoints.some((endpoint) => endpoint.workload === target.proxy && endpoint.port === port && endpoint.mtls);
}
