import type { Workload } from "../model/mesh.ts";
import type { Cluster, ClusterTls, Endpoint } from "../model/snapshot.ts";
import { hostOf } from "../traffic/virtual-host.ts";
import { judgeServer } from "./handshake.ts";
import type { TlsOffer } from "./payload.ts";
import type { Protocol } from "./upstream.ts";
import type { PaperProxy, PaperWorld } from "./world.ts";

/** What a sidecar offers by what it is going to speak (spec CT-19). */
const meshAlpn: Readonly<Record<Protocol | "tcp", readonly string[]>> = {
  "HTTP/1.1": ["istio-http/1.1", "istio", "http/1.1"],
  "HTTP/2": ["istio-h2", "istio", "h2"],
  tcp: ["istio-peer-exchange", "istio"],
};

/** The TLS that a cluster starts towards an endpoint; undefined: none. */
export function offerFor(
  world: PaperWorld,
  proxy: PaperProxy,
  cluster: Cluster,
  endpoint: Endpoint | undefined,
  spoken: Protocol | "tcp",
  authority: string,
): TlsOffer | undefined {
  const { tls } = cluster;
  if (tls.mode === "none") return undefined;
  if (tls.mode === "auto" && endpoint?.mtls !== true) return undefined;
  if (tls.mode === "withheld") return { ...noOffer, judge: () => `TLS_error:|${tls.reason}` };
  if (tls.mode === "simple" || tls.mode === "mutual") return originated(world, proxy.workload, tls, authority);
  return {
    alpn: meshAlpn[spoken],
    sni: tls.sni,
    certificate: world.certificate(proxy.workload),
    minVersion: 12,
    maxVersion: 13,
    judge: (server) => judgeServer(server, "mesh", tls.subjectAltNames),
  };
}

const noOffer = { alpn: [], sni: undefined, certificate: undefined, minVersion: 12, maxVersion: 13 } as const;

function originated(
  world: PaperWorld,
  client: Workload,
  tls: Extract<ClusterTls, { readonly mode: "simple" | "mutual" }>,
  authority: string,
): TlsOffer {
  const host = hostOf(authority);
  const list = tls.secret?.crl ?? tls.crlFile;
  const certFile = tls.secret?.cert ?? tls.certFile;
  const names =
    tls.subjectAltNames.length > 0 ? tls.subjectAltNames : tls.sni === undefined && host !== "" ? [host] : [];
  return {
    alpn: [],
    sni: tls.sni ?? (host === "" ? undefined : host),
    certificate: certFile === undefined ? undefined : world.certificateOf(certFile, client),
    minVersion: 12,
    maxVersion: 13,
    judge: (server) => {
      if (tls.skipVerify) return undefined;
      const isRevoked = list !== undefined && world.isRevoked?.(list, server) === true;
      return judgeServer(server, world.issuerOf(tls.secret?.ca ?? tls.caFile), names, isRevoked);
    },
  };
}
