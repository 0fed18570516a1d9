import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServer } from "node:tls";
import { expect, test, vi } from "vitest";
import { systemClock } from "../../../runtime/core/clock.ts";
import { createCa, signCsr } from "../../../runtime/identity/ca.ts";
import { createKeyAndCsr } from "../../../runtime/identity/csr.ts";
import type { ClusterTls } from "../../../runtime/model/snapshot.ts";
import { exchange } from "../../support/proxy-talk.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";

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

const name = "spiffe://cluster.local/ns/default/sa/app";

test.each([
  ["MUTUAL with the right root and name", { mode: "mutual", subjectAltNames: [name] }, 200, undefined],
  ["SIMPLE, no name asked for because the SNI is fixed", { mode: "simple" }, 200, undefined],
  [
    "another name",
    { subjectAltNames: ["spiffe://cluster.local/ns/default/sa/x"] },
    503,
    "who the DestinationRule names",
  ],
  ["the Host as name, which the certificate does not have", { sni: undefined }, 503, "not for backend"],
  ["another root", { caFile: "other" }, 503, "unable to"],
  ["another root, not looked at", { caFile: "other", skipVerify: true }, 200, undefined],
  ["a file that is not there", { caFile: "missing" }, 503, "no such file"],
] as const)("TLS of a DestinationRule's own: %s", async (_, change, status, reason) => {
  const [ca, other] = [await createCa("cluster.local", systemClock), await createCa("cluster.local", systemClock)];
  const { key, csr } = createKeyAndCsr();
  const { chain } = await signCsr(
    ca,
    csr,
    { trustDomain: "cluster.local", namespace: "default", serviceAccount: "app" },
    600_000,
    systemClock,
  );
  const server = createServer({ key, cert: chain }, (socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
  });
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  const at = server.address();
  const port = typeof at === "object" && at !== null ? at.port : 0;
  let folder = "";
  const tls = (): ClusterTls => {
    const path = (file: string | undefined): string => join(folder, file ?? "ca");
    const base = {
      mode: "simple",
      sni: "fixed",
      subjectAltNames: [],
      certFile: path("cert"),
      keyFile: path("key"),
      skipVerify: false,
    } as const;
    return { ...base, ...change, caFile: path("caFile" in change ? change.caFile : undefined) };
  };
  await using world = await createProxyWorld({
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
                  tls: tls(),
                  endpoints: cluster.endpoints.map((endpoint) => ({ ...endpoint, address: "127.0.0.1", port })),
                }
              : cluster,
          ]),
        ),
      },
    }),
  });
  ({ folder } = world);
  writeFileSync(join(folder, "ca"), ca.roots);
  writeFileSync(join(folder, "other"), other.roots);
  writeFileSync(join(folder, "cert"), chain);
  writeFileSync(join(folder, "key"), key);
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
  const answer = await exchange(
    world.dial("frontend-1", "backend", 8080),
    "GET / HTTP/1.1\r\nHost: backend:8080\r\n\r\n",
  );
  expect(answer.status).toBe(status);
  await vi.waitFor(() => {
    expect(world.handshakes().length).toBeGreaterThan(0);
  });
  if (reason !== undefined) expect(world.handshakes("handshake.failed")[0]?.failure?.reason).toContain(reason);
  server.close();
});
