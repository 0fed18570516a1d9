import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import type { TLSSocket } from "node:tls";
import { describe, expect, test, vi } from "vitest";
import { systemClock } from "../../../runtime/core/clock.ts";
import { createCa, signCsr } from "../../../runtime/identity/ca.ts";
import type { Ca } from "../../../runtime/identity/ca.ts";
import { createKeyAndCsr } from "../../../runtime/identity/csr.ts";
import { exchange, readAll } from "../../support/proxy-talk.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";
import type { ProxyWorld } from "../../support/proxy-world.ts";

const project = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, ports: [{name: http, port: 8080}, {name: tcp, port: 9000}, {name: data, port: 9500}]}
`;

function peerAuthentication(mode: string): string {
  return `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: ${mode}}}
`;
}

const istioHttp = ["istio-http/1.1", "istio", "http/1.1"];

interface Certificate {
  readonly key: string;
  readonly cert: string;
}

async function certificate(
  ca: Ca,
  serviceAccount: string,
  trustDomain = "cluster.local",
  ttlMs = 3_600_000,
): Promise<Certificate> {
  const { key, csr } = createKeyAndCsr();
  const signed = await signCsr(ca, csr, { trustDomain, namespace: "default", serviceAccount }, ttlMs, systemClock);
  return { key, cert: signed.chain };
}

function dialTls(
  world: ProxyWorld,
  port: number,
  certified: Certificate | undefined,
  alpn: readonly string[] = istioHttp,
): TLSSocket {
  const at = world.inbound("backend-1", port);
  return connectTls({
    ...at,
    ...certified,
    ca: world.ca.roots,
    rejectUnauthorized: false,
    ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}),
    servername: "outbound_.8080_._.backend.default.svc.cluster.local",
  });
}

async function backend(world: ProxyWorld): Promise<void> {
  await world.http("backend-1", 8080, (request, response) => {
    response.end(JSON.stringify(request.headers));
  });
  for (const port of [9000, 9500]) {
    await world.tcp("backend-1", port, (socket) => {
      socket.on("data", (chunk: Buffer) => socket.write(`echo:${chunk.toString("latin1")}`));
      socket.on("end", () => socket.end());
    });
  }
}

const get = "GET /x HTTP/1.1\r\nHost: backend:8080\r\n\r\n";

describe("STRICT", () => {
  test("plaintext is closed without a byte, and the policy's line is told", async () => {
    await using world = await createProxyWorld({ project, mesh: peerAuthentication("STRICT") });
    await backend(world);
    for (const port of [8080, 9000, 9500]) {
      const socket = connect(world.inbound("backend-1", port));
      socket.write(get);
      const end = await readAll(socket);
      expect(end.bytes.length).toBe(0);
    }
    await vi.waitFor(() => {
      expect(world.handshakes("handshake.failed")).toHaveLength(3);
    });
    const [event] = world.handshakes("handshake.failed");
    expect(event?.failure).toMatchObject({
      step: "plaintext",
      reason: "plaintext under STRICT",
      because: [{ resource: "PeerAuthentication istio-system/default", file: "mesh/all.yaml" }],
    });
    expect(world.connections()[0]).toMatchObject({
      flags: "NR",
      details: "filter_chain_not_found",
      handshake: event?.id,
    });
  });

  test.each([
    ["no certificate", "certificate", "certificate_required", async () => undefined],
    [
      "another root",
      "verify",
      "unknown_ca",
      async () => certificate(await createCa("cluster.local", systemClock), "frontend"),
    ],
    [
      "a foreign trust domain",
      "identity",
      "certificate_unknown",
      async (world: ProxyWorld) => certificate(world.ca, "frontend", "other.td"),
    ],
  ] as const)("a caller with %s is refused, with the alert Envoy sends", async (_, step, alert, make) => {
    await using world = await createProxyWorld({ project, mesh: peerAuthentication("STRICT") });
    await backend(world);
    const socket = dialTls(world, 8080, await make(world));
    socket.on("error", () => undefined);
    socket.write(get);
    const end = await readAll(socket);
    expect(end.bytes.length).toBe(0);
    await vi.waitFor(() => {
      expect(world.handshakes("handshake.failed")).toHaveLength(1);
    });
    expect(world.handshakes("handshake.failed")[0]).toMatchObject({
      side: "server",
      local: { chain: [{ subject: expect.any(String) }] },
      failure: { step, alert, because: [{ file: "mesh/all.yaml", field: "spec.mtls.mode" }] },
    });
    expect(world.exchanges()).toEqual([]);
  });

  test("an expired certificate is refused", async () => {
    await using world = await createProxyWorld({ project, mesh: peerAuthentication("STRICT") });
    await backend(world);
    const certified = await certificate(world.ca, "frontend", "cluster.local", 1);
    await vi.waitFor(() => {
      expect(Date.now() % 1000).toBeGreaterThan(0);
    });
    await vi.waitFor(async () => {
      const socket = dialTls(world, 8080, certified);
      socket.on("error", () => undefined);
      socket.write(get);
      expect((await readAll(socket)).bytes.length).toBe(0);
    }, 3000);
    await vi.waitFor(() => {
      expect(world.handshakes("handshake.failed").at(-1)?.failure).toMatchObject({
        step: "verify",
        alert: "certificate_expired",
      });
    });
  });

  test.each([[istioHttp], [[]], [["acme/9"]], [["istio"]]])(
    "a mesh certificate with ALPN %j is served on an HTTP port",
    async (alpn) => {
      await using world = await createProxyWorld({ project, mesh: peerAuthentication("STRICT") });
      await backend(world);
      const socket = dialTls(world, 8080, await certificate(world.ca, "frontend"), alpn);
      const answer = await exchange(socket, get);
      expect(answer.status).toBe(200);
      expect(answer.headers["server"]).toBe("istio-envoy");
      expect(answer.body).toContain("URI=spiffe://cluster.local/ns/default/sa/frontend");
      socket.destroy();
    },
  );

  test("an open connection ends when its caller's certificate no longer chains to a root", async () => {
    await using world = await createProxyWorld({ project, mesh: peerAuthentication("STRICT") });
    await backend(world);
    const socket = dialTls(world, 8080, await certificate(world.ca, "frontend"));
    expect((await exchange(socket, get)).status).toBe(200);
    world.send({ type: "bundle", version: 2, roots: (await createCa("cluster.local", systemClock)).roots });
    expect((await readAll(socket)).bytes.length).toBe(0);
  });

  test("an older TLS version than the mesh allows is refused", async () => {
    await using world = await createProxyWorld({
      project: `meshConfig: {meshMTLS: {minProtocolVersion: TLSV1_3}}\n${project}`,
      mesh: peerAuthentication("STRICT"),
    });
    await backend(world);
    const socket = connectTls({
      ...world.inbound("backend-1", 8080),
      ...(await certificate(world.ca, "frontend")),
      rejectUnauthorized: false,
      maxVersion: "TLSv1.2",
    });
    socket.on("error", () => undefined);
    await readAll(socket);
    await vi.waitFor(() => {
      expect(world.handshakes("handshake.failed")[0]?.failure).toMatchObject({
        step: "client-hello",
        alert: "protocol_version",
      });
    });
  });
});

describe("PERMISSIVE", () => {
  test("plaintext passes without identity, and a forged XFCC is removed", async () => {
    await using world = await createProxyWorld({ project, mesh: peerAuthentication("PERMISSIVE") });
    await backend(world);
    const socket = connect(world.inbound("backend-1", 8080));
    const answer = await exchange(socket, "GET /x HTTP/1.1\r\nHost: b\r\nX-Forwarded-Client-Cert: By=me\r\n\r\n");
    expect(answer.status).toBe(200);
    expect(answer.body).not.toContain("client-cert");
    expect(answer.headers["x-envoy-decorator-operation"]).toBe("backend.default.svc.cluster.local:8080/*");
    socket.destroy();
  });

  test("TLS that is not the mesh's is closed on an HTTP port and passes untouched on a TCP port", async () => {
    await using world = await createProxyWorld({ project, mesh: peerAuthentication("PERMISSIVE") });
    await backend(world);
    const closed = dialTls(world, 8080, undefined, ["http/1.1"]);
    closed.on("error", () => undefined);
    expect((await readAll(closed)).bytes.length).toBe(0);
    const passed = dialTls(world, 9000, undefined, ["http/1.1"]);
    const over = readAll(passed);
    await vi.waitFor(() => {
      expect(world.handshakes("handshake.failed")[0]?.failure?.step).toBe("client-hello");
    });
    // The echo answers the ClientHello with plain bytes, so the client gives up: what counts is that the application saw it.
    await over;
    await vi.waitFor(() => {
      expect(world.connections().find(({ flags }) => flags === "-")?.bytes.in).toBeGreaterThan(100);
    });
  });

  test("bytes that are not HTTP get 400 on an HTTP port and pass on a sniffed one", async () => {
    await using world = await createProxyWorld({ project, mesh: peerAuthentication("PERMISSIVE") });
    await backend(world);
    const http = await exchange(connect(world.inbound("backend-1", 8080)), "\u0000\u0001hello\r\n");
    expect(http.status).toBe(400);
    const tcp = connect(world.inbound("backend-1", 9500));
    tcp.write("hello\n");
    await vi.waitFor(() => {
      expect(tcp.bytesRead).toBeGreaterThan(0);
    });
    expect(String(tcp.read())).toBe("echo:hello\n");
    tcp.destroy();
  });
});

test("HTTP/1.0 is 426 on an HTTP port", async () => {
  await using world = await createProxyWorld({ project });
  await backend(world);
  const old = await exchange(connect(world.inbound("backend-1", 8080)), "GET /x HTTP/1.0\r\n\r\n");
  expect([old.status, old.body]).toEqual([426, "Upgrade Required"]);
  await vi.waitFor(() => {
    expect(world.exchanges("inbound").map(({ details }) => details)).toEqual(["low_version"]);
  });
});

test("few bytes that may still become anything wait, with nothing told", async () => {
  await using world = await createProxyWorld({ project });
  await backend(world);
  const socket = connect(world.inbound("backend-1", 9500));
  socket.write("hell");
  const other = await exchange(connect(world.inbound("backend-1", 8080)), get);
  expect(other.status).toBe(200);
  expect(socket.bytesRead).toBe(0);
  socket.write("o there\n");
  await vi.waitFor(() => {
    expect(String(socket.read() ?? "")).toBe("echo:hello there\n");
  });
  socket.destroy();
});
