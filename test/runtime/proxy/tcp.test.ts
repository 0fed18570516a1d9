import { createHash, randomBytes } from "node:crypto";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { readAll } from "../../support/proxy-talk.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";
import type { ProxyWorld } from "../../support/proxy-world.ts";

const project = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, ports: [{name: tcp, port: 9000}, {name: data, port: 9500}, {name: mysql, port: 3306}]}
  intruder: {run: x, port: 8080}
`;

const strict = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
`;

const onlyFrontend = `${strict}---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: tcp, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  rules:
  - from: [{source: {principals: ["cluster.local/ns/default/sa/frontend"]}}]
    to: [{operation: {ports: ["9000"]}}]
`;

function echo(world: ProxyWorld, port: number): Promise<unknown> {
  return world.tcp("backend-1", port, (socket) => {
    socket.on("data", (chunk: Buffer) => {
      socket.write(chunk);
    });
    socket.on("end", () => {
      socket.end("bye");
    });
  });
}

function nextData(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once("data", (chunk: Buffer) => {
      resolve(chunk.toString("latin1"));
    });
    socket.once("close", () => {
      reject(new Error("closed"));
    });
  });
}

test.each([
  ["by mutual TLS", strict],
  ["in plain text", strict.replace("STRICT", "DISABLE")],
])("a caller that says all and closes its side at once still gets its answer, %s", async (_, mesh) => {
  await using world = await createProxyWorld({ project, mesh });
  await echo(world, 9000);
  for (const word of ["one", "two", "three"]) {
    const socket = world.dial("frontend-1", "backend", 9000);
    socket.end(word);
    expect((await readAll(socket)).bytes.toString()).toBe(`${word}bye`);
  }
  await vi.waitFor(() => {
    const told = world.connections().map(({ flags, bytes }) => `${flags} ${bytes.in} ${bytes.out}`);
    expect(told.toSorted()).toEqual([...Array.from({ length: 4 }, () => "- 3 6"), "- 5 8", "- 5 8"]);
  });
});

test("TCP crosses by mutual TLS with Istio's ALPN, and a half-closed side stays half closed", async () => {
  await using world = await createProxyWorld({ project, mesh: onlyFrontend });
  await echo(world, 9000);
  const socket = world.dial("frontend-1", "backend", 9000);
  socket.write("hello");
  expect(await nextData(socket)).toBe("hello");
  socket.end("last");
  expect((await readAll(socket)).bytes.toString()).toBe("lastbye");
  await vi.waitFor(() => {
    expect(world.connections()).toHaveLength(2);
  });
  const inbound = world.connections().find(({ side }) => side === "inbound");
  expect(inbound).toMatchObject({
    flags: "-",
    bytes: { in: 9, out: 12 },
    decision: { verdict: "allow" },
    from: { workload: "frontend-1" },
  });
  expect(world.handshakes("handshake.completed").find(({ side }) => side === "server")?.tls.alpn).toBe(
    "istio-peer-exchange",
  );
});

test("a refused caller gets nothing, and the application sees an empty connection", async () => {
  await using world = await createProxyWorld({ project, mesh: onlyFrontend });
  const seen: Buffer[] = [];
  await world.tcp("backend-1", 9000, (socket) => {
    socket.on("data", (chunk: Buffer) => seen.push(chunk));
  });
  const socket = world.dial("intruder-1", "backend", 9000);
  socket.write("hello");
  expect((await readAll(socket)).bytes.length).toBe(0);
  await vi.waitFor(() => {
    expect(world.connections().find(({ side }) => side === "inbound")).toMatchObject({
      details: "rbac_access_denied_matched_policy[none]",
      decision: { verdict: "deny" },
      bytes: { in: 0, out: 0 },
    });
  });
  expect(seen).toEqual([]);
});

// Envoy's network filters see the end of what a caller says as they see its first bytes.
test("a caller that ends without a byte is decided on too", async () => {
  await using world = await createProxyWorld({ project, mesh: onlyFrontend });
  await echo(world, 9000);
  for (const [caller, answer] of [
    ["intruder-1", ""],
    ["frontend-1", "bye"],
  ] as const) {
    const socket = world.dial(caller, "backend", 9000);
    socket.end();
    expect((await readAll(socket)).bytes.toString()).toBe(answer);
  }
  await vi.waitFor(() => {
    const told = world.connections().filter(({ side }) => side === "inbound");
    expect(told.map(({ decision }) => decision?.verdict)).toEqual(["deny", "allow"]);
  });
});

test("64 MiB cross both ways unharmed, without piling up in memory", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  await world.tcp("backend-1", 9000, (socket) => {
    socket.pipe(socket);
  });
  const socket = world.dial("frontend-1", "backend", 9000);
  const chunk = randomBytes(1024 * 1024);
  const sent = createHash("sha256");
  const got = createHash("sha256");
  let bytes = 0;
  const before = process.memoryUsage().rss;
  let peak = 0;
  socket.on("data", (part: Buffer) => {
    bytes += part.length;
    got.update(part);
    peak = Math.max(peak, process.memoryUsage().rss);
  });
  const closed = new Promise((done) => {
    socket.on("close", done);
  });
  socket.on("end", () => socket.end());
  for (let i = 0; i < 64; i += 1) {
    sent.update(chunk);
    if (!socket.write(chunk)) await new Promise((done) => socket.once("drain", done));
  }
  socket.end();
  await closed;
  expect(bytes).toBe(64 * 1024 * 1024);
  expect(got.digest("hex")).toBe(sent.digest("hex"));
  expect(peak - before).toBeLessThan(200 * 1024 * 1024);
});

test("a policy that would refuse an open TCP connection closes it at once, and says which", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  await echo(world, 9000);
  const socket = world.dial("frontend-1", "backend", 9000);
  socket.write("hello");
  expect(await nextData(socket)).toBe("hello");
  await world.apply(`${strict}---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny-all, namespace: default}
spec:
  action: DENY
  rules: [{}]
`);
  await readAll(socket);
  await vi.waitFor(() => {
    expect(world.connections().find(({ side }) => side === "inbound")?.details).toBe(
      "rbac_access_denied_matched_policy[ns[default]-policy[deny-all]-rule[0]]",
    );
  });
});

test("plaintext TCP under PERMISSIVE ends when the port becomes STRICT", async () => {
  await using world = await createProxyWorld({ project });
  await echo(world, 9000);
  const socket = connect({ ...world.inbound("backend-1", 9000), allowHalfOpen: true });
  socket.write("hello world");
  expect(await nextData(socket)).toBe("hello world");
  await world.apply(strict);
  expect((await readAll(socket)).bytes.length).toBe(0);
});

test("server-first TCP works where nothing has to be sniffed, and an application that is not there ends the connection", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  await world.tcp("backend-1", 3306, (socket) => {
    socket.end("greetings");
  });
  const greeted = world.dial("frontend-1", "backend", 3306);
  expect((await readAll(greeted)).bytes.toString()).toBe("greetings");
  const refused = world.dial("frontend-1", "backend", 9000);
  refused.write("x");
  expect((await readAll(refused)).bytes.length).toBe(0);
  await vi.waitFor(() => {
    expect(world.connections().find(({ side, flags }) => side === "inbound" && flags === "UF,URX")).toBeDefined();
  });
});

test("an unknown destination passes through, or ends at the black hole under REGISTRY_ONLY", async () => {
  await using world = await createProxyWorld({ project });
  const outside = createServer((socket) => socket.end("outside"));
  await new Promise<void>((done) => {
    outside.listen(0, "127.0.0.1", done);
  });
  const at = outside.address();
  const port = typeof at === "object" && at !== null ? at.port : 0;
  expect((await readAll(world.dial("frontend-1", "127.0.0.1", port))).bytes.toString()).toBe("outside");
  await vi.waitFor(() => {
    expect(world.connections()[0]).toMatchObject({ side: "outbound", cluster: "PassthroughCluster", flags: "-" });
  });
  await using closed = await createProxyWorld({
    project: `meshConfig: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}\n${project}`,
  });
  expect((await readAll(closed.dial("frontend-1", "127.0.0.1", port))).bytes.length).toBe(0);
  await vi.waitFor(() => {
    expect(closed.connections()[0]).toMatchObject({ cluster: "BlackHoleCluster", flags: "UH" });
  });
  outside.close();
});
