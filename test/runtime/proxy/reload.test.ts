import { connect } from "node:net";
import type { Socket } from "node:net";
import { X509Certificate } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { createCa, signCsr } from "../../../runtime/identity/ca.ts";
import { systemClock } from "../../../runtime/core/clock.ts";
import { exchange, readAll } from "../../support/proxy-talk.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";
import type { ProxyWorld } from "../../support/proxy-world.ts";

const project = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, port: 8080}
  intruder: {run: x, port: 8080}
`;

function mode(value: string): string {
  return `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: ${value}}}
`;
}

const deny = `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny, namespace: default}
spec: {action: DENY, rules: [{to: [{operation: {paths: ["/x"]}}]}]}
`;

const get = "GET /x HTTP/1.1\r\nHost: backend:8080\r\n\r\n";

async function answering(world: ProxyWorld): Promise<void> {
  await world.http("backend-1", 8080, (_, response) => response.end("ok"));
}

describe("a new snapshot", () => {
  test("under keep-alive load every request after the ACK gets the new verdict, and none is lost", async () => {
    await using world = await createProxyWorld({ project, mesh: mode("STRICT") });
    await answering(world);
    const running = { value: true };
    const answers: { readonly began: number; readonly status: number }[] = [];
    const load = Array.from({ length: 8 }, async () => {
      const socket = world.dial("frontend-1", "backend", 8080);
      while (running.value) {
        const began = performance.now();
        const { status } = await exchange(socket, get);
        answers.push({ began, status });
      }
      socket.destroy();
    });
    const verdicts: { readonly at: number; readonly status: number }[] = [];
    for (let round = 0; round < 6; round += 1) {
      const denied = round % 2 === 0;
      await world.apply(denied ? mode("STRICT") + deny : mode("STRICT"));
      verdicts.push({ at: performance.now(), status: denied ? 403 : 200 });
      const count = answers.length;
      await vi.waitFor(
        () => {
          expect(answers.length).toBeGreaterThan(count + 50);
        },
        { timeout: 20_000 },
      );
    }
    running.value = false;
    await Promise.all(load);
    expect(answers.filter(({ status }) => status !== 200 && status !== 403)).toEqual([]);
    verdicts.forEach(({ at, status }, index) => {
      const next = verdicts[index + 1]?.at ?? Number.POSITIVE_INFINITY;
      // The next apply begins a while before its ACK, so the last ones of a round may see either.
      const during = answers.filter(({ began }) => began > at && began < next - 15);
      expect(during.length).toBeGreaterThan(0);
      expect(during.slice(0, 40).filter((answer) => answer.status !== status)).toEqual([]);
    });
  });

  test("a listener that stays is never unbound, and unchanged sections keep connections", async () => {
    await using world = await createProxyWorld({ project, mesh: mode("STRICT") });
    await answering(world);
    const socket = world.dial("frontend-1", "backend", 8080);
    expect((await exchange(socket, get)).status).toBe(200);
    await world.apply(mode("STRICT") + deny);
    expect((await exchange(socket, get)).status).toBe(403);
    await vi.waitFor(() => {
      expect(world.exchanges("inbound")).toHaveLength(2);
    });
    expect(world.handshakes()).toHaveLength(2);
    expect(world.events.filter(({ type }) => type === "listener.bound")).toHaveLength(6);
    socket.destroy();
  });

  test("STRICT ends idle plaintext connections at once and busy ones after their answer", async () => {
    await using world = await createProxyWorld({ project, mesh: mode("PERMISSIVE") });
    let release = (): void => undefined;
    await world.http("backend-1", 8080, (request, response) => {
      if (request.url === "/slow") release = () => response.end("late");
      else response.end("ok");
    });
    const idle = connect(world.inbound("backend-1", 8080));
    expect((await exchange(idle, get)).status).toBe(200);
    const busy = connect(world.inbound("backend-1", 8080));
    const late = exchange(busy, "GET /slow HTTP/1.1\r\nHost: b\r\n\r\n");
    await vi.waitFor(() => {
      expect(release).not.toBeUndefined();
      expect(release.toString()).toContain("late");
    });
    await world.apply(mode("STRICT"));
    await readAll(idle);
    release();
    const answer = await late;
    expect([answer.status, answer.headers["connection"]]).toEqual([200, "close"]);
    await readAll(busy);
    const fresh = connect(world.inbound("backend-1", 8080));
    fresh.write(get);
    expect((await readAll(fresh)).bytes.length).toBe(0);
  });

  test.each([
    ["a policy that refuses its request", mode("PERMISSIVE") + deny],
    ["STRICT, when it is plaintext", mode("STRICT")],
  ])("ends an upgraded connection: %s", async (_, mesh) => {
    await using world = await createProxyWorld({ project, mesh: mode("PERMISSIVE") });
    const server = await world.http("backend-1", 8080, () => undefined);
    server.on("upgrade", (_request, socket: Socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
      socket.on("data", (chunk: Buffer) => socket.write(`echo:${chunk.toString()}`));
    });
    const socket = connect(world.inbound("backend-1", 8080));
    const upgraded = await exchange(
      socket,
      "GET /x HTTP/1.1\r\nHost: backend:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    );
    expect(upgraded.status).toBe(101);
    const rest = readAll(socket);
    await world.apply(mesh);
    expect((await rest).bytes.toString()).toBe("");
  });

  test("a caller's idle connections are not used again when its TLS mode changes", async () => {
    await using world = await createProxyWorld({ project, mesh: mode("PERMISSIVE") });
    await answering(world);
    const socket = world.dial("frontend-1", "backend", 8080);
    expect((await exchange(socket, get)).status).toBe(200);
    await world.apply(`${mode("PERMISSIVE")}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: plain, namespace: default}
spec: {host: backend, trafficPolicy: {tls: {mode: DISABLE}}}
`);
    expect((await exchange(socket, get)).status).toBe(200);
    await vi.waitFor(() => {
      expect(world.exchanges("inbound").map(({ from, handshake }) => [from.spiffe, handshake === null])).toEqual([
        ["spiffe://cluster.local/ns/default/sa/frontend", false],
        [null, true],
      ]);
    });
    socket.destroy();
  });
});

describe("certificates", () => {
  test("rotation touches no open connection; new ones present the new certificate", async () => {
    await using world = await createProxyWorld({ project, mesh: mode("STRICT") });
    await answering(world);
    const before = new X509Certificate(world.svidOf("backend-1")?.chain ?? "").serialNumber;
    const socket = world.dial("frontend-1", "backend", 8080);
    expect((await exchange(socket, get)).status).toBe(200);
    world.send({ type: "svid.renew", proxy: "backend-1" });
    world.send({ type: "svid.renew", proxy: "frontend-1" });
    await vi.waitFor(() => {
      expect(new X509Certificate(world.svidOf("backend-1")?.chain ?? "").serialNumber).not.toBe(before);
    });
    expect((await exchange(socket, get)).status).toBe(200);
    await vi.waitFor(() => {
      const serials = new Set(
        world
          .handshakes("handshake.completed")
          .filter(({ side }) => side === "server")
          .map(({ peer }) => peer?.serial),
      );
      expect(serials.size).toBe(2);
      expect(world.handshakes("handshake.completed").at(-1)?.tls.resumed).toBe(false);
    });
    socket.destroy();
  });

  test("sessions are resumed by the same identity only, and never across a new certificate or bundle", async () => {
    await using world = await createProxyWorld({
      project: `${project}  store: {run: x, port: 9000/tcp}\n`,
      mesh: mode("STRICT"),
    });
    await world.tcp("store-1", 9000, (socket) => {
      socket.on("data", (chunk: Buffer) => socket.end(chunk));
    });
    // Every TCP connection shakes hands anew.
    const call = async (id: string): Promise<void> => {
      const socket = world.dial(id, "store", 9000);
      socket.write("x");
      expect((await readAll(socket)).bytes.toString()).toBe("x");
    };
    await call("frontend-1");
    await call("intruder-1");
    await call("frontend-1");
    const before = world.svidOf("frontend-1")?.chain;
    world.send({ type: "svid.renew", proxy: "frontend-1" });
    await vi.waitFor(() => {
      expect(world.svidOf("frontend-1")?.chain).not.toBe(before);
    });
    await call("frontend-1");
    await call("frontend-1");
    world.send({ type: "bundle", version: 2, roots: world.ca.roots });
    await call("frontend-1");
    await vi.waitFor(() => {
      expect(world.handshakes()).toHaveLength(12);
    });
    for (const side of ["client", "server"]) {
      const own = world.handshakes("handshake.completed").filter((event) => event.side === side);
      expect(own.map(({ tls, from }) => [from.workload, tls.resumed])).toEqual([
        ["frontend-1", false],
        ["intruder-1", false],
        ["frontend-1", true],
        // A new certificate.
        ["frontend-1", false],
        ["frontend-1", true],
        // A new bundle.
        ["frontend-1", false],
      ]);
      expect(own.map(({ from }) => from.spiffe)).toEqual(
        own.map(({ from }) => `spiffe://cluster.local/ns/default/sa/${from.workload?.slice(0, -2) ?? ""}`),
      );
    }
  });

  test("an open connection lasts as long as some trusted root proves its caller, and no longer", async () => {
    await using world = await createProxyWorld({
      project: `${project}  store: {run: x, port: 9000/tcp}\n`,
      mesh: mode("STRICT"),
    });
    await world.tcp("store-1", 9000, (socket) => {
      socket.on("data", (chunk: Buffer) => (chunk.toString() === "bye" ? socket.end(chunk) : socket.write(chunk)));
    });
    const other = await createCa("cluster.local", systemClock);
    // On a session that is resumed nothing above the caller's certificate is seen.
    const first = world.dial("frontend-1", "store", 9000);
    first.write("bye");
    await readAll(first);
    const socket = world.dial("frontend-1", "store", 9000);
    const echoes = async (text: string): Promise<void> => {
      socket.write(text);
      await vi.waitFor(() => expect(received).toContain(text));
    };
    let received = "";
    let closed = false;
    socket.on("data", (chunk: Buffer) => (received += chunk.toString()));
    socket.on("error", () => undefined);
    for (const event of ["end", "close"]) socket.on(event, () => (closed = true));
    await echoes("one root");
    await vi.waitFor(() => expect(world.handshakes("handshake.completed").at(-1)?.tls.resumed).toBe(true));
    world.send({ type: "bundle", version: 2, roots: other.roots + world.ca.roots });
    await echoes("a second root");
    world.send({ type: "bundle", version: 3, roots: world.ca.roots });
    await echoes("the first again");
    world.send({ type: "bundle", version: 4, roots: other.roots });
    await vi.waitFor(() => expect(closed).toBe(true));
  });

  test("a server certified by another CA is refused by the caller, who says why", async () => {
    const rogue = await createCa("cluster.local", systemClock);
    await using world = await createProxyWorld({
      project,
      mesh: mode("STRICT"),
      sign: async (proxy, csr, usual) =>
        proxy === "backend-1"
          ? (
              await signCsr(
                rogue,
                csr,
                { trustDomain: "cluster.local", namespace: "default", serviceAccount: "backend" },
                3_600_000,
                systemClock,
              )
            ).chain
          : usual(),
    });
    await answering(world);
    const answer = await exchange(world.dial("frontend-1", "backend", 8080), get);
    expect(answer.status).toBe(503);
    expect(answer.body).toBe(
      "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure",
    );
    await vi.waitFor(() => {
      expect(world.exchanges("outbound")[0]).toMatchObject({ flags: "URX,UF", attempts: 3 });
      expect(world.exchanges("outbound")[0]?.details).toContain("CERTIFICATE_VERIFY_FAILED");
    });
    expect(world.handshakes("handshake.failed").find(({ side }) => side === "client")?.failure).toMatchObject({
      step: "verify",
      alert: "unknown_ca",
    });
  });

  test("a server with another name than the service's is refused by the caller", async () => {
    await using world = await createProxyWorld({
      project,
      mesh: mode("STRICT"),
      bend: (snapshot) => ({
        ...snapshot,
        outbound: {
          ...snapshot.outbound,
          clusters: Object.fromEntries(
            Object.entries(snapshot.outbound.clusters).map(([name, cluster]) => [
              name,
              cluster.tls.mode === "auto"
                ? {
                    ...cluster,
                    tls: { ...cluster.tls, subjectAltNames: ["spiffe://cluster.local/ns/default/sa/other"] },
                  }
                : cluster,
            ]),
          ),
        },
      }),
    });
    await answering(world);
    expect((await exchange(world.dial("frontend-1", "backend", 8080), get)).status).toBe(503);
    await vi.waitFor(() => {
      expect(world.handshakes("handshake.failed")[0]).toMatchObject({
        side: "client",
        failure: { step: "identity", reason: expect.stringContaining("spiffe://cluster.local/ns/default/sa/backend") },
      });
    });
  });

  test("a new bundle without the old root ends what it no longer proves", async () => {
    await using world = await createProxyWorld({ project, mesh: mode("STRICT") });
    await answering(world);
    const socket = world.dial("frontend-1", "backend", 8080);
    expect((await exchange(socket, get)).status).toBe(200);
    const other = await createCa("cluster.local", systemClock);
    world.send({ type: "bundle", version: 2, roots: other.roots });
    expect((await exchange(socket, get)).status).toBe(503);
    socket.destroy();
  });
});
