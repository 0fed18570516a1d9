import type { Provenance } from "../model/resource.ts";
import type { RecalledCall, RecalledConnection, RecalledPeer } from "../model/recalled.ts";
import type { Cluster, ConnectionSeen, ProxySnapshot } from "../model/snapshot.ts";

/** How a call's connection comes to the server's sidecar: with which first bytes, and with whose certificate. */
export type Arriving =
  | {
      readonly kind: "connection";
      readonly seen: ConnectionSeen;
      readonly sni: string | undefined;
      /** The caller's certificate, as far as it was seen. */
      readonly peer: RecalledPeer | undefined;
    }
  | { readonly kind: "refused"; readonly reason: string; readonly because: readonly Provenance[] }
  | { readonly kind: "unknown"; readonly reason: string };

/** The call, and the snapshots of both ends; a caller without a sidecar has none. */
export interface Ends {
  readonly call: RecalledCall;
  readonly connection: RecalledConnection;
  readonly caller: ProxySnapshot | undefined;
  readonly server: ProxySnapshot;
  /** The cluster that the caller's sidecar sent it to; undefined: not kept. */
  readonly cluster: string | undefined;
}

const unmeshed = "PassthroughCluster";

/** A caller without a sidecar connects as it did; for all others their own sidecar's snapshot says whether and how TLS is begun. */
export function arrivalOf(ends: Ends): Arriving {
  const { call, connection, caller } = ends;
  const asSeen: Arriving = {
    kind: "connection",
    seen: seenOf(call, connection),
    sni: connection.sni,
    peer: connection.peer,
  };
  const cluster = ends.cluster ?? clusterOfSni(connection.sni);
  if (caller === undefined)
    return cluster === undefined ? asSeen : { kind: "unknown", reason: "its caller is not there any more" };
  if (cluster === unmeshed) return asSeen;
  const clusters = clustersOf(caller, connection, cluster);
  if (clusters.length === 0)
    return cluster === undefined ? asSeen : { kind: "unknown", reason: "its route is not there any more" };
  const [chosen] = clusters;
  const protections = new Set(clusters.map((each) => protectionOf(each, connection)));
  const [protection] = protections;
  if (chosen === undefined || protection === undefined || protections.size > 1)
    return { kind: "unknown", reason: "which of its caller's clusters it left by is not known" };
  switch (protection) {
    case "as seen":
      return asSeen;
    case "own":
      return connection.seen.transport === "tls" && connection.peer === undefined
        ? asSeen
        : { kind: "unknown", reason: "its caller begins a TLS of its own" };
    case "plain":
      return { kind: "connection", seen: plainly(call), sni: undefined, peer: undefined };
    case "mesh":
      return meshed(ends, chosen);
  }
}

/** Only what was looked for was seen; of a request it is known anyway. */
function seenOf(call: RecalledCall, { seen }: RecalledConnection): ConnectionSeen {
  return seen.transport === "raw" && call.kind === "request" ? plainly(call) : seen;
}

function plainly(call: RecalledCall): ConnectionSeen {
  if (call.kind !== "request") return { transport: "raw", protocols: [] };
  return { transport: "raw", protocols: [call.protocol === "HTTP/2" ? "h2c" : call.protocol.toLowerCase()] };
}

function meshed({ call, connection, caller, server }: Ends, cluster: Cluster): Arriving {
  const { tls } = cluster;
  if (tls.mode !== "auto" && tls.mode !== "istio")
    return { kind: "unknown", reason: "its caller begins a TLS of its own" };
  const names = tls.subjectAltNames;
  if (names.length > 0 && !names.includes(server.identity))
    return {
      kind: "refused",
      reason: `the caller's sidecar wants ${names.join(" or ")}, not ${server.identity}`,
      because: cluster.because,
    };
  const uriSans = [caller?.identity ?? ""];
  const peer = connection.peer ?? { dnsSans: [], subject: "", hash: "", certificate: "", chain: "" };
  return {
    kind: "connection",
    seen: {
      transport: "tls",
      protocols: connection.seen.transport === "tls" ? connection.seen.protocols : alpnOf(call),
    },
    sni: tls.sni.toLowerCase(),
    peer: { ...peer, uriSans },
  };
}

/** What a sidecar offers to another (spec CT-19). */
function alpnOf(call: RecalledCall): readonly string[] {
  if (call.kind !== "request") return ["istio-peer-exchange", "istio"];
  return call.protocol === "HTTP/2" ? ["istio-h2", "istio", "h2"] : ["istio-http/1.1", "istio", "http/1.1"];
}

/** By name, else all that lead to where the call arrived. */
function clustersOf(
  caller: ProxySnapshot,
  connection: RecalledConnection,
  name: string | undefined,
): readonly Cluster[] {
  const { clusters } = caller.outbound;
  if (name !== undefined) {
    const named = clusters[name];
    return named === undefined ? [] : [named];
  }
  return Object.values(clusters).filter((cluster) => endpointOf(cluster, connection) !== undefined);
}

function endpointOf(
  cluster: Cluster,
  { destinationIp, destinationPort }: RecalledConnection,
): Cluster["endpoints"][number] | undefined {
  return cluster.endpoints.find(({ address, port }) => address === destinationIp && port === destinationPort);
}

/** `own`: TLS that a DestinationRule makes, not the mesh's. */
function protectionOf(cluster: Cluster, connection: RecalledConnection): "plain" | "mesh" | "own" | "as seen" {
  switch (cluster.tls.mode) {
    case "none":
      return "plain";
    case "istio":
      return "mesh";
    case "auto": {
      // One that gets no traffic right now says nothing about how it would be spoken to.
      const endpoint = endpointOf(cluster, connection);
      return endpoint === undefined ? "as seen" : endpoint.mtls ? "mesh" : "plain";
    }
    case "simple":
    case "mutual":
    case "withheld":
      return "own";
  }
}

/** `outbound_.8080_.v1_.backend.default.svc.cluster.local` */
function clusterOfSni(sni: string | undefined): string | undefined {
  const parts = /^outbound_\.(\d+)_\.([^_]*)_\.(.+)$/.exec(sni ?? "");
  if (parts === null) return undefined;
  const [, port = "", subset = "", host = ""] = parts;
  return `outbound|${port}|${subset}|${host}`;
}
