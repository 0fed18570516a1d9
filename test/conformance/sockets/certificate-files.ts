import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Mesh } from "../../../runtime/model/mesh.ts";
import type { Cluster, ClusterTls, ProxySnapshot } from "../../../runtime/model/snapshot.ts";
import type { CaName, Certificates } from "./certificates.ts";

/** Real files for those that a case names: it names them only by what they stand for (conformance README). */
export interface CertificateFiles {
  /** Writes what the DestinationRules of the mesh may ask for. */
  readonly prepare: (mesh: Mesh, nameOf: (proxy: string) => string) => Promise<void>;
  readonly rewrite: (snapshot: ProxySnapshot) => ProxySnapshot;
}

const cas: readonly CaName[] = ["mesh", "rogue", "public"];

export function createCertificateFiles(folder: string, certificates: Certificates): CertificateFiles {
  mkdirSync(folder);
  for (const ca of cas) writeFileSync(join(folder, `${ca}.pem`), certificates.roots(ca));

  function pairFile(ca: CaName, proxy: string, kind: "cert" | "key"): string {
    return join(folder, `${ca}-${proxy}-${kind}.pem`);
  }

  function rewriteTls(tls: ClusterTls, proxy: string): ClusterTls {
    if (tls.mode !== "simple" && tls.mode !== "mutual") return tls;
    const { certFile, keyFile } = tls;
    return {
      ...tls,
      caFile: join(folder, `${caOf(tls.caFile)}.pem`),
      certFile: certFile === undefined ? undefined : pairFile(caOf(certFile), proxy, "cert"),
      keyFile: keyFile === undefined ? undefined : pairFile(caOf(certFile), proxy, "key"),
    };
  }

  return {
    prepare: async (mesh, nameOf) => {
      const rules = JSON.stringify(mesh.policies.destinationRules);
      if (!rules.includes("clientCertificate")) return;
      for (const { id } of mesh.workloads.filter(({ sidecar }) => sidecar)) {
        for (const ca of cas) {
          const { chain, key } = await certificates.issue(ca, nameOf(id));
          writeFileSync(pairFile(ca, id, "cert"), chain);
          writeFileSync(pairFile(ca, id, "key"), key);
        }
      }
    },
    rewrite: (snapshot) => {
      const clusters = Object.entries(snapshot.outbound.clusters).map(([name, cluster]): readonly [string, Cluster] => {
        const tls = rewriteTls(cluster.tls, snapshot.proxy);
        return [name, tls === cluster.tls ? cluster : { ...cluster, tls }];
      });
      return { ...snapshot, outbound: { ...snapshot.outbound, clusters: Object.fromEntries(clusters) } };
    },
  };
}

/** The CA that a path stands for. */
function caOf(path: string | undefined): CaName {
  if (path?.includes("mesh") === true) return "mesh";
  return path?.includes("rogue") === true ? "rogue" : "public";
}
