import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServer } from "node:tls";
import { expect, test } from "vitest";
import { systemClock } from "../../../runtime/core/clock.ts";
import { createCa, signCsr } from "../../../runtime/identity/ca.ts";
import { createKeyAndCsr } from "../../../runtime/identity/csr.ts";
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

// Whether the other side had read a request before the connection broke can't be known: only what may be repeated is sent again.
test.each([
  ["GET", 200, 2],
  ["POST", 503, 1],
] as const)("a re-used connection breaks under a %s: answer %i, sent %i times", async (method, status, times) => {
  const ca = await createCa("cluster.local", systemClock);
  const { key, csr } = createKeyAndCsr();
  const identity = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "app" };
  const { chain } = await signCsr(ca, csr, identity, 600_000, systemClock);
  let seen = 0;
  const server = createServer({ key, cert: chain }, (socket) => {
    let requests = 0;
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      if (bytes.includes("/second")) seen += 1;
      requests += 1;
      if (requests === 2) socket.destroy();
      else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    });
  });
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  const at = server.address();
  const port = typeof at === "object" && at !== null ? at.port : 0;
  let folder = "";
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
                  tls: {
                    mode: "simple",
                    sni: "fixed",
                    subjectAltNames: [],
                    caFile: join(folder, "ca"),
                    certFile: undefined,
                    keyFile: undefined,
                    skipVerify: false,
                  } as const,
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
  const socket = world.dial("frontend-1", "backend", 8080);
  expect((await exchange(socket, "GET /first HTTP/1.1\r\nHost: backend:8080\r\n\r\n")).status).toBe(200);
  const second = `${method} /second HTTP/1.1\r\nHost: backend:8080\r\ncontent-length: 0\r\n\r\n`;
  expect((await exchange(socket, second)).status).toBe(status);
  expect(seen).toBe(times);
  socket.destroy();
  server.close();
});
