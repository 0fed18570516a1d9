import type { Cluster, Endpoint } from "../model/snapshot.ts";
import { chooseEndpoint } from "../traffic/choose-endpoint.ts";
import type { ProxyEndpoint } from "../wire/proxy-v2.ts";
import { isServiceAddress } from "./address.ts";
import type { Binding } from "./binding.ts";
import type { Sidecar } from "./context.ts";
import type { UpstreamTarget } from "./dial-upstream.ts";

/** The server for one try: an endpoint of the cluster, or what the program dialled. Undefined: no healthy upstream. */
export function chooseTarget(
  sidecar: Sidecar,
  binding: Binding,
  cluster: Cluster,
  destination: ProxyEndpoint,
  tried: ReadonlySet<Endpoint> | undefined,
): Pick<UpstreamTarget, "address" | "port" | "endpoint"> | undefined {
  if (cluster.discovery === "endpoints") {
    const endpoint = chooseEndpoint(cluster, sidecar.turn(cluster.name), tried);
    return endpoint === undefined ? undefined : { address: endpoint.address, port: endpoint.port, endpoint };
  }
  const { address, port } = destination;
  if (!isServiceAddress(address)) {
    return {
      address,
      port,
      endpoint: cluster.endpoints.find((endpoint) => endpoint.address === address && endpoint.port === port),
    };
  }
  // A VIP exists only in the mesh's tables: a ready pod of the service answers, as kube-proxy would arrange.
  const service = binding.outbound.service(address, port);
  const endpoint = service === undefined ? undefined : chooseEndpoint(service, sidecar.turn(service.name), tried);
  return endpoint === undefined ? undefined : { address: endpoint.address, port: endpoint.port, endpoint };
}

/** Clusters for destinations that no service owns (spec traffic 1.5.7); plain, to where the program dialled. */
export function passthrough(name: string): Cluster {
  return {
    name,
    host: "",
    port: 0,
    subset: "",
    protocol: "tcp",
    http: "downstream",
    discovery: "original-destination",
    endpoints: [],
    tls: { mode: "none" },
    connectTimeoutMs: 10_000,
    maxRequests: undefined,
    because: [],
  };
}
