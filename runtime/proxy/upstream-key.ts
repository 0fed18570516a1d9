import type { Cluster } from "../model/snapshot.ts";
import type { Sidecar } from "./context.ts";

/** How a connection to one endpoint of a cluster is protected. */
export type UpstreamTls = "plain" | "mesh" | "origination";

/**
 * Everything that makes a connection to another sidecar acceptable: own certificate, bundle, cluster with its TLS settings,
 * address, SNI. Pools and session caches are keyed by it, so nothing crosses from one identity or setting to another.
 */
export function upstreamKey(
  sidecar: Sidecar,
  cluster: Cluster,
  tls: UpstreamTls,
  address: string,
  sni: string,
): string {
  const own =
    tls === "mesh"
      ? `${sidecar.credentials.svid()?.leaf.fingerprint256 ?? ""} ${sidecar.shared.bundle()?.version ?? 0}`
      : "";
  return [cluster.name, JSON.stringify(cluster.tls), tls, own, address, sni].join("\n");
}

/** Whether an idle connection would be opened in the same way today. */
export function keepsUpstream(sidecar: Sidecar, key: string): boolean {
  const [name, settings, tls, own] = key.split("\n");
  if (name === undefined || settings === undefined) return true;
  const cluster = sidecar.binding().outbound.cluster(name);
  if (cluster === undefined || JSON.stringify(cluster.tls) !== settings) return false;
  return tls !== "mesh" || own?.endsWith(` ${sidecar.shared.bundle()?.version ?? 0}`) === true;
}
