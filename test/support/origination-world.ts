import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServer } from "node:tls";
import type { TLSSocket } from "node:tls";
import { systemClock } from "../../runtime/core/clock.ts";
import { createCa, loadCa, signCsr } from "../../runtime/identity/ca.ts";
import { createKeyAndCsr } from "../../runtime/identity/csr.ts";
import type { ClusterTls } from "../../runtime/model/snapshot.ts";
import { createCrl } from "./crl.ts";
import { createRootFiles } from "./plugin-ca.ts";
import { createProxyWorld, type ProxyWorld } from "./proxy-world.ts";

const project = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, port: 8080}
`;

const disabled = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: DISABLE}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: d, namespace: default}
spec: {host: backend, trafficPolicy: {tls: {mode: SIMPLE}}}
`;

/** A sidecar whose backend is a TLS server outside the mesh, with the certificate `spiffe://cluster.local/ns/default/sa/app`. */
export interface OriginationWorld extends AsyncDisposable {
  readonly world: ProxyWorld;
}

/**
 * `serve` is the server's whole program; `tls` says how the sidecar calls it, given the path of each PEM file that exists: `ca` (the
 * server's root), `other` (another root), `cert` and `key` (the server's own), and lists of revoked certificates: `revoked` names the
 * server's, `others` does not, `foreign` is by the other root.
 */
export async function createOriginationWorld(
  serve: (socket: TLSSocket) => void,
  tls: (path: (file: string) => string) => ClusterTls,
): Promise<OriginationWorld> {
  // Every issuer of a chain needs a list: here the root signs.
  const ca = loadCa(await createRootFiles("app"), systemClock);
  const other = await createCa("cluster.local", systemClock);
  const { key, csr } = createKeyAndCsr();
  const identity = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "app" };
  const { chain } = await signCsr(ca, csr, identity, 600_000, systemClock);
  const server = createServer({ key, cert: chain }, (socket) => {
    socket.on("error", () => undefined);
    serve(socket);
  });
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  const at = server.address();
  const port = typeof at === "object" && at !== null ? at.port : 0;
  let folder = "";
  const world = await createProxyWorld({
    project,
    mesh: disabled,
    bend: (snapshot) => ({
      ...snapshot,
      outbound: {
        ...snapshot.outbound,
        clusters: Object.fromEntries(
          Object.entries(snapshot.outbound.clusters).map(([id, cluster]) => [
            id,
            cluster.host.startsWith("backend.")
              ? {
                  ...cluster,
                  tls: tls((file) => join(folder, file)),
                  endpoints: cluster.endpoints.map((endpoint) => ({ ...endpoint, address: "127.0.0.1", port })),
                }
              : cluster,
          ]),
        ),
      },
    }),
  });
  ({ folder } = world);
  const another = await signCsr(ca, createKeyAndCsr().csr, identity, 600_000, systemClock);
  const files = {
    ca: ca.roots,
    other: other.roots,
    cert: chain,
    key,
    revoked: await createCrl(ca, another.chain, chain),
    others: await createCrl(ca, another.chain),
    foreign: await createCrl(other),
  };
  for (const [file, pem] of Object.entries(files)) writeFileSync(join(folder, file), pem);
  // Something must change, or the clusters that now find their files are not bound again.
  await world.apply(`${disabled}---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: any, namespace: default}
spec: {rules: [{}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: e, namespace: default}
spec: {host: frontend, trafficPolicy: {tls: {mode: DISABLE}}}
`);
  return {
    world,
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]();
      server.close();
    },
  };
}
