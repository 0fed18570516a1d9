import type { Cluster } from "../model/snapshot.ts";
import type { Sidecar } from "./context.ts";
import type { Svid, TrustBundle } from "./credentials.ts";
import type { UpstreamTarget } from "./dial-upstream.ts";
import type { UpstreamProtocol } from "./upstream.ts";

/** How a connection to one endpoint of a cluster is protected. */
export type UpstreamTls = "plain" | "mesh" | "origination";

/** What requests to one endpoint have in common, so that none of them has to put it together again. */
export interface KnownEndpoint {
  readonly cluster: Cluster;
  readonly protocol: UpstreamProtocol;
  readonly svid: Svid | undefined;
  readonly bundle: TrustBundle | undefined;
  readonly sni: string;
  readonly key: string;
}

/**
 * Everything that makes a connection to another sidecar acceptable: own certificate, bundle, cluster with its TLS settings,
 * address, SNI, protocol. Pools and session caches are keyed by it, so nothing crosses from one identity or setting to another.
 */
export function upstreamKey(sidecar: Sidecar, target: UpstreamTarget, tls: UpstreamTls, sni: string): string {
  const { cluster, endpoint, address, port, protocol } = target;
  const svid = tls === "mesh" ? sidecar.credentials.svid() : undefined;
  const bundle = tls === "mesh" ? sidecar.shared.bundle() : undefined;
  const known = endpoint === undefined ? undefined : sidecar.known.get(endpoint);
  // The way of protection follows from the cluster and its endpoint.
  if (
    known?.cluster === cluster &&
    known.protocol === protocol &&
    known.svid === svid &&
    known.bundle === bundle &&
    known.sni === sni
  )
    return known.key;
  const own = tls === "mesh" ? `${svid?.leaf.fingerprint256 ?? ""} ${bundle?.version ?? 0}` : "";
  const key = [cluster.name, JSON.stringify(cluster.tls), tls, own, `${address}:${port}`, sni, protocol].join("\n");
  if (endpoint !== undefined) sidecar.known.set(endpoint, { cluster, protocol, svid, bundle, sni, key });
  return key;
}

/** Whether an idle connection would be opened in the same way today. */
export function keepsUpstream(sidecar: Sidecar, key: string): boolean {
  const [name, settings, tls, own] = key.split("\n");
  if (name === undefined || settings === undefined) return true;
  const cluster = sidecar.binding().outbound.cluster(name);
  if (cluster === undefined || JSON.stringify(cluster.tls) !== settings) return false;
  return tls !== "mesh" || own?.endsWith(` ${sidecar.shared.bundle()?.version ?? 0}`) === true;
}
