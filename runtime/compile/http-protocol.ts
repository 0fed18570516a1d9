import type { ConnectionPoolSettings } from "../model/istio-networking.ts";
import type { MeshConfig, PortProtocol } from "../model/mesh.ts";
import type { UpstreamHttp } from "../model/snapshot.ts";
import { isHttp } from "./mesh-index.ts";

/**
 * HTTP version towards the endpoints of a service port (spec traffic 1.1.7). `useClientProtocol` comes before everything; what a
 * DestinationRule says about upgrades holds for every port, what the mesh says only for ports declared as HTTP.
 */
export function outboundHttp(
  protocol: PortProtocol,
  pool: ConnectionPoolSettings | undefined,
  config: Pick<MeshConfig, "h2UpgradePolicy">,
): UpstreamHttp {
  const http = pool?.http;
  if (http?.useClientProtocol === true) return "downstream";
  const policy = http?.h2UpgradePolicy ?? "DEFAULT";
  const upgrade =
    policy === "UPGRADE" || (policy === "DEFAULT" && config.h2UpgradePolicy === "UPGRADE" && isHttp(protocol));
  return upgrade ? "http2" : declaredHttp(protocol);
}

/** HTTP version towards the own application: as declared. Upgrades are the client's business (spec traffic 3.3.12). */
export function inboundHttp(protocol: PortProtocol, pool: ConnectionPoolSettings | undefined): UpstreamHttp {
  return pool?.http?.useClientProtocol === true ? "downstream" : declaredHttp(protocol);
}

/** `DO_NOT_UPGRADE` does not make a declared HTTP/2 port HTTP/1 (recorded: headers/upgrade-policy). */
function declaredHttp(protocol: PortProtocol): UpstreamHttp {
  switch (protocol) {
    case "http2":
    case "grpc":
    case "grpc-web":
      return "http2";
    case "auto":
      return "downstream";
    default:
      return "http1";
  }
}
