import type { RequestListener, ServerResponse } from "node:http";
import { describe, expect, test, vi } from "vitest";
import { exchange, readAll } from "../../support/proxy-talk.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";
import type { ProxyWorld } from "../../support/proxy-world.ts";

const services = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, ports: [8080, 7777]}
`;

/** Tells which headers came. */
const telling: RequestListener = (request, response) => {
  response.setHeader("server", "app");
  response.end(JSON.stringify({ ...request.headers, version: request.httpVersion }));
};

async function ask(
  world: ProxyWorld,
  request = "GET / HTTP/1.1\r\nHost: backend\r\n\r\n",
): Promise<{
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly seen: Readonly<Record<string, string>>;
}> {
  const socket = world.dial("frontend-1", "backend", 8080);
  const answer = await exchange(socket, request);
  socket.destroy();
  return { status: answer.status, headers: answer.headers, seen: answer.status === 200 ? JSON.parse(answer.body) : {} };
}

describe("proxyHeaders", () => {
  test("of the mesh hold on both sides", async () => {
    const meshConfig = `
meshConfig:
  defaultConfig:
    proxyHeaders:
      server: {value: mine}
      requestId: {disabled: true}
      attemptCount: {disabled: true}
      envoyDebugHeaders: {disabled: true}
      forwardedClientCert: SANITIZE
      xForwardedPort: {enabled: true}
`;
    await using world = await createProxyWorld({ project: services + meshConfig });
    await world.http("backend-1", 8080, telling);
    const { headers, seen } = await ask(world);
    expect(headers).toMatchObject({ server: "mine" });
    expect(headers["x-envoy-upstream-service-time"]).toBeUndefined();
    expect(seen).toMatchObject({ "x-forwarded-port": "8080", "x-forwarded-proto": "http" });
    for (const name of ["x-request-id", "x-envoy-attempt-count", "x-forwarded-client-cert"])
      expect(seen[name]).toBeUndefined();
  });

  test("of a workload replace the mesh's", async () => {
    const project = `
services:
  frontend: {run: x, port: 8080, annotations: {"proxy.istio.io/config": "proxyHeaders: {server: {disabled: true}}"}}
  backend: {run: x, ports: [8080, 7777], annotations: {"proxy.istio.io/config": "proxyHeaders: {server: {disabled: true}}"}}
meshConfig: {defaultConfig: {proxyHeaders: {requestId: {disabled: true}}}}
`;
    await using world = await createProxyWorld({ project });
    await world.http("backend-1", 8080, telling);
    const { headers, seen } = await ask(world);
    expect(headers).toMatchObject({ server: "app" });
    expect(seen["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("HTTP/1.0", () => {
  const old = "GET / HTTP/1.0\r\nHost: backend\r\n\r\n";

  test("is refused by the server's sidecar unless istiod's switch is on", async () => {
    await using world = await createProxyWorld({ project: services });
    await world.http("backend-1", 8080, telling);
    expect((await ask(world, old)).status).toBe(426);
  });

  // recorded: headers/http10-on
  test("is answered in its own version, and the end of the connection ends the body", async () => {
    await using world = await createProxyWorld({ project: `${services}features: {PILOT_HTTP10: "1"}\n` });
    await world.http("backend-1", 8080, (request, response) => {
      response.write(`${request.httpVersion} `);
      response.end("done");
    });
    const socket = world.dial("frontend-1", "backend", 8080);
    socket.write(old);
    const text = (await readAll(socket)).bytes.toString();
    expect(text).toMatch(/^HTTP\/1\.0 200 OK\r\n/);
    expect(text).toContain("\r\nconnection: close\r\n");
    expect(text).not.toContain("transfer-encoding");
    expect(text).toMatch(/\r\n\r\n1\.1 done$/);
  });

  test("keeps a connection whose caller asked for it", async () => {
    await using world = await createProxyWorld({ project: `${services}features: {PILOT_HTTP10: "true"}\n` });
    await world.http("backend-1", 8080, (_, response) => {
      response.setHeader("content-length", "2");
      response.end("ok");
    });
    const socket = world.dial("frontend-1", "backend", 8080);
    const kept = old.replace("\r\n\r\n", "\r\nConnection: keep-alive\r\n\r\n");
    const first = await exchange(socket, kept);
    expect([first.body, first.headers["connection"]]).toEqual(["ok", "keep-alive"]);
    expect((await exchange(socket, kept)).body).toBe("ok");
    socket.destroy();
  });
});

// recorded: inbound/ingress-listener
test("a Sidecar's ingress leads to another port of the program", async () => {
  const mesh = `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: sc, namespace: default}
spec:
  workloadSelector: {labels: {app: backend}}
  ingress:
  - port: {number: 8080, protocol: HTTP, name: http}
    defaultEndpoint: 127.0.0.1:7777
`;
  await using world = await createProxyWorld({ project: services, mesh });
  await world.http("backend-1", 7777, telling);
  expect((await ask(world)).status).toBe(200);
});

describe("concurrent requests", () => {
  const inbound = `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: sc, namespace: default}
spec:
  workloadSelector: {labels: {app: backend}}
  inboundConnectionPool: {http: {http2MaxRequests: 1}}
`;
  const outbound = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: d, namespace: default}
spec: {host: backend, trafficPolicy: {connectionPool: {http: {http2MaxRequests: 1}}}}
`;

  // recorded: inbound/inbound-pool; spec traffic 3.3.5, 3.3.12
  test.each([
    ["a Sidecar's inbound pool", inbound, "inbound"],
    ["a DestinationRule", outbound, "outbound"],
  ] as const)("beyond what %s allows are answered at once", async (_, mesh, side) => {
    await using world = await createProxyWorld({ project: services, mesh });
    const held: ServerResponse[] = [];
    await world.http("backend-1", 8080, (_request, response) => {
      held.push(response);
    });
    const first = ask(world);
    await vi.waitFor(() => {
      expect(held).toHaveLength(1);
    });
    const second = await ask(world);
    expect([second.status, second.headers["x-envoy-overloaded"]]).toEqual([503, "true"]);
    await vi.waitFor(() => {
      const told = world.exchanges(side).find((event) => event.status === 503);
      expect([told?.flags, told?.details]).toEqual(["UO", "upstream_reset_before_response_started{overflow}"]);
    });
    held.pop()?.end("{}");
    expect((await first).status).toBe(200);
    const third = ask(world);
    await vi.waitFor(() => {
      expect(held).toHaveLength(1);
    });
    held.pop()?.end("{}");
    expect((await third).status).toBe(200);
  });
});
