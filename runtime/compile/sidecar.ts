import type { Sidecar, SidecarIngress } from "../model/istio-networking.ts";
import type { Mesh, PortProtocol, Workload } from "../model/mesh.ts";
import { isSelected } from "../policy/selector.ts";

/** The Sidecar resource that a workload obeys: own namespace by selector, own without, root without (spec traffic 1.7.1). */
export function bindSidecars(mesh: Mesh): (workload: Workload) => Sidecar | undefined {
  const { sidecars } = mesh.policies;
  const root = mesh.config.rootNamespace;
  const hasSelector = (sidecar: Sidecar): boolean =>
    Object.keys(sidecar.spec.workloadSelector?.labels ?? {}).length > 0;
  const general = (namespace: string): Sidecar | undefined =>
    sidecars.find((sidecar) => sidecar.namespace === namespace && !hasSelector(sidecar));
  return (workload) =>
    sidecars.find(
      (sidecar) =>
        sidecar.namespace === workload.namespace &&
        hasSelector(sidecar) &&
        isSelected(sidecar.spec.workloadSelector?.labels ?? {}, workload.labels),
    ) ??
    general(workload.namespace) ??
    general(root);
}

const protocols: ReadonlyMap<string, PortProtocol> = new Map([
  ["http", "http"],
  ["http_proxy", "http"],
  ["http2", "http2"],
  ["grpc", "grpc"],
  ["grpc-web", "grpc-web"],
  ["tcp", "tcp"],
  ["tls", "tls"],
  ["https", "https"],
  ["mongo", "mongo"],
  ["redis", "redis"],
  ["mysql", "mysql"],
  ["udp", "udp"],
]);

/** The whole word counts here, in any letter case; another is sniffed. */
export function ingressProtocol(ingress: SidecarIngress): PortProtocol {
  return protocols.get(ingress.port?.protocol?.toLowerCase() ?? "") ?? "auto";
}

/** Port of the program behind an ingress listener; undefined: the one that was dialled; 0: a Unix socket, which is not reached here. */
export function ingressAppPort(ingress: SidecarIngress): number | undefined {
  const endpoint = ingress.defaultEndpoint ?? "";
  if (endpoint === "") return undefined;
  const port = /:(\d+)$/.exec(endpoint)?.[1];
  return endpoint.startsWith("unix:") || port === undefined ? 0 : Number(port);
}
