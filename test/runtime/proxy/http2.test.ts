import { connect, constants } from "node:http2";
import type { ClientHttp2Session } from "node:http2";
import { connect as connectTcp } from "node:net";
import type { Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { exchange, readAll } from "../../support/proxy-talk.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";
import type { ProxyWorld } from "../../support/proxy-world.ts";

const project = `
services:
  backend: {run: x, ports: [{name: http, port: 8080}, {name: grpc, port: 7070}, {name: web, port: 9090}]}
  frontend: {run: x}
  intruder: {run: x}
`;
const deny =
  "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: d}\nspec: {action: DENY, rules: [{to: [{operation: {paths: [/secret, /pkg.Svc/Secret]}}]}]}\n";
const strict =
  "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: istio-system}\nspec: {mtls: {mode: STRICT}}\n";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  readonly trailers: Readonly<Record<string, unknown>> | undefined;
  readonly code: number;
}

function open(world: ProxyWorld, port: number, from = "frontend-1"): ClientHttp2Session {
  return over(world.dial(from, "backend", port));
}

function over(socket: Socket): ClientHttp2Session {
  const session = connect("http://backend", { createConnection: () => socket });
  session.on("error", () => undefined);
  onTestFinished(() => {
    session.destroy();
  });
  return session;
}

function ask(
  session: ClientHttp2Session,
  headers: Record<string, string | readonly string[]>,
  body?: string,
): Promise<Answer> {
  return new Promise((resolve) => {
    const stream = session.request(
      { ":path": "/", ":authority": "backend:8080", ...headers },
      { endStream: body === undefined },
    );
    let got: Record<string, unknown> = {};
    let trailers: Record<string, unknown> | undefined;
    const parts: Buffer[] = [];
    stream.on("response", (head) => (got = { ...head }));
    stream.on("trailers", (head) => (trailers = { ...head }));
    stream.on("data", (chunk: Buffer) => parts.push(chunk));
    stream.on("error", () => undefined);
    stream.on("close", () => {
      resolve({
        status: Number(got[":status"] ?? 0),
        headers: got,
        body: Buffer.concat(parts).toString(),
        trailers,
        code: stream.rstCode ?? 0,
      });
    });
    if (body !== undefined) stream.end(body);
  });
}

test("HTTP/2 goes in, over mutual TLS, and out to an HTTP/2 application", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  const seen: Record<string, unknown>[] = [];
  await world.http2("backend-1", 7070, (stream, headers) => {
    seen.push({ ...headers });
    const parts: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => parts.push(chunk));
    stream.on("end", () => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => {
        stream.sendTrailers({ "grpc-status": "0" });
      });
      stream.end(Buffer.concat(parts));
    });
  });
  const session = open(world, 7070);
  const answer = await ask(
    session,
    { ":method": "POST", ":path": "/pkg.Svc/Do", "content-type": "application/grpc", te: "trailers" },
    "hello",
  );
  expect(answer).toMatchObject({
    status: 200,
    body: "hello",
    trailers: { "grpc-status": "0" },
    headers: { server: "envoy" },
  });
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({ ":path": "/pkg.Svc/Do", ":method": "POST", te: "trailers" });
  await vi.waitFor(() => {
    expect(world.handshakes("handshake.completed").map(({ tls }) => tls.alpn)).toEqual(["h2", "h2"]);
    const versions = world.exchanges().map(({ protocol, side }) => `${side} ${protocol}`);
    expect(versions.toSorted()).toEqual(["inbound HTTP/2", "outbound HTTP/2"]);
  });
});

test("an HTTP/1 port gets HTTP/1, whatever the caller speaks", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  const seen: string[] = [];
  await world.http("backend-1", 8080, (request, response) => {
    seen.push(
      `${request.httpVersion} ${request.method} ${request.url} ${request.headers.host} ${request.headers.cookie}`,
    );
    request.resume().on("end", () => response.end("hi"));
  });
  const session = open(world, 8080);
  expect(await ask(session, { ":path": "/x", cookie: ["a=1", "b=2"] })).toMatchObject({ status: 200, body: "hi" });
  expect(await ask(session, { ":path": "/y", ":method": "POST", cookie: "c=1" }, "body")).toMatchObject({
    status: 200,
    body: "hi",
  });
  expect(seen).toEqual(["1.1 GET /x backend:8080 a=1; b=2", "1.1 POST /y backend:8080 c=1"]);
});

test("an application that leaves is dialled anew, and a caller that leaves is noticed", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  const sockets: Socket[] = [];
  const server = await world.http2("backend-1", 7070, (stream) => {
    stream.respond({ ":status": 200 });
    stream.end("hi");
  });
  server.on("connection", (socket: Socket) => sockets.push(socket));
  const session = open(world, 7070);
  expect(await ask(session, {})).toMatchObject({ status: 200, body: "hi" });
  // Without a word: only the end of the connection tells.
  for (const socket of sockets) socket.destroy();
  await vi.waitFor(async () => {
    expect(await ask(session, {})).toMatchObject({ status: 200, body: "hi" });
  });
  expect(sockets).toHaveLength(2);

  const caller = world.dial("frontend-1", "backend", 7070);
  const gone = new Promise<void>((done) => {
    caller.on("close", () => {
      done();
    });
  });
  expect(await ask(over(caller), {})).toMatchObject({ status: 200 });
  caller.end();
  await gone;
});

test("HTTP/1 callers of an HTTP/2 port are carried over HTTP/2, and its answers come back in HTTP/1", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  const seen: string[] = [];
  await world.http2("backend-1", 7070, (stream, headers) => {
    const parts: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => parts.push(chunk));
    stream.on("end", () => {
      seen.push(
        `${headers[":method"]} ${headers[":path"]} ${headers[":authority"]} ${String(headers["te"])} ${Buffer.concat(parts).toString()}`,
      );
      if (headers[":path"] === "/empty") stream.respond({ ":status": 200 }, { endStream: true });
      else if (headers[":path"] === "/none") stream.respond({ ":status": 204 }, { endStream: true });
      else {
        stream.respond({ ":status": 200 }, { waitForTrailers: true });
        stream.on("wantTrailers", () => {
          stream.sendTrailers({ "x-t": "1" });
        });
        stream.end("body");
      }
    });
  });
  const socket = world.dial("frontend-1", "backend", 7070);
  const chunked = await exchange(
    socket,
    "POST /x HTTP/1.1\r\nhost: backend\r\nte: trailers\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-t: 1\r\n\r\n",
  );
  expect([chunked.status, chunked.body, chunked.headers["transfer-encoding"], chunked.headers["x-t"]]).toEqual([
    200,
    "body",
    "chunked",
    undefined,
  ]);
  const empty = await exchange(socket, "GET /empty HTTP/1.1\r\nhost: backend\r\n\r\n");
  expect([empty.status, empty.headers["content-length"]]).toEqual([200, "0"]);
  const none = await exchange(socket, "GET /none HTTP/1.1\r\nhost: backend\r\n\r\n");
  expect([none.status, none.headers["content-length"], none.headers["transfer-encoding"]]).toEqual([
    204,
    undefined,
    undefined,
  ]);
  const head = await exchange(socket, "HEAD /empty HTTP/1.1\r\nhost: backend\r\n\r\n", "HEAD");
  expect([head.status, head.headers["transfer-encoding"]]).toEqual([200, "chunked"]);
  expect(seen).toEqual([
    "POST /x backend trailers hello",
    "GET /empty backend undefined ",
    "GET /none backend undefined ",
    "HEAD /empty backend undefined ",
  ]);
  const upgrade = await exchange(
    world.dial("frontend-1", "backend", 7070),
    "GET /x HTTP/1.1\r\nhost: backend\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
  );
  expect([upgrade.status, upgrade.body]).toEqual([
    502,
    "upstream connect error or disconnect/reset before headers. reset reason: protocol error",
  ]);
});

test("a sniffed port gets what its caller speaks", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  await world.tcp("backend-1", 9090, (socket) => {
    socket.once("data", (chunk: Buffer) =>
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\n${chunk.toString("latin1", 0, 3)}`),
    );
  });
  const answer = await exchange(world.dial("frontend-1", "backend", 9090), "GET / HTTP/1.1\r\nhost: backend\r\n\r\n");
  expect(answer.body).toBe("GET");
  // What answers is no HTTP/2: it was asked in HTTP/2 all the same. The answer is that of Envoy 1.40.
  expect(await ask(open(world, 9090), {})).toMatchObject({
    status: 502,
    body: "upstream connect error or disconnect/reset before headers. reset reason: protocol error",
  });
});

test("policies decide on every stream, and gRPC is told in its own words", async () => {
  await using world = await createProxyWorld({ project, mesh: `${strict}---\n${deny}` });
  let reached = 0;
  await world.http2("backend-1", 7070, (stream) => {
    reached += 1;
    stream.respond({ ":status": 200 });
    stream.end("open");
  });
  const session = open(world, 7070);
  const grpc = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };
  const answers = await Promise.all([
    ask(session, { ":path": "/secret" }),
    ask(session, { ":path": "/open" }),
    ask(session, { ":path": "/x/../secret" }),
    ask(session, { ...grpc, ":path": "/pkg.Svc/Secret" }, "message"),
  ]);
  expect(answers.map(({ status, body }) => [status, body])).toEqual([
    [403, "RBAC: access denied"],
    [200, "open"],
    [403, "RBAC: access denied"],
    [200, ""],
  ]);
  expect(answers[3]?.headers).toMatchObject({
    "grpc-status": "7",
    "grpc-message": "RBAC: access denied",
    "content-type": "application/grpc",
  });
  expect(reached).toBe(1);
  await vi.waitFor(() => {
    expect(world.exchanges("inbound").filter(({ decision }) => decision?.verdict === "deny")).toHaveLength(3);
  });
});

test("plaintext HTTP/2 is refused under STRICT like any plaintext", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  const answer = await ask(over(connectTcp(world.inbound("backend-1", 7070))), {});
  expect(answer.status).toBe(0);
  await vi.waitFor(() => {
    expect(world.handshakes("handshake.failed")[0]?.failure?.step).toBe("plaintext");
  });
});

test("many streams share one connection between the sidecars", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  await world.http2("backend-1", 7070, (stream) => {
    stream.respond({ ":status": 200 });
    stream.end("x".repeat(100_000));
  });
  const session = open(world, 7070);
  const answers = await Promise.all(Array.from({ length: 200 }, () => ask(session, {})));
  expect(answers.every(({ status, body }) => status === 200 && body.length === 100_000)).toBe(true);
  await vi.waitFor(() => {
    expect(world.handshakes("handshake.completed")).toHaveLength(2);
  });
});

test("messages flow both ways at once on one stream, and each side may end first", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  await world.http2("backend-1", 7070, (stream) => {
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.on("wantTrailers", () => {
      stream.sendTrailers({ "grpc-status": "0" });
    });
    stream.on("data", (chunk: Buffer) => stream.write(`echo ${chunk.toString()}`));
    stream.on("end", () => stream.end("bye"));
  });
  const stream = open(world, 7070).request({ ":method": "POST", ":path": "/pkg.Svc/Chat", ":authority": "backend" });
  let got = "";
  let trailers: unknown;
  stream.on("data", (chunk: Buffer) => (got += chunk.toString()));
  stream.on("trailers", (head) => (trailers = head["grpc-status"]));
  stream.write("one");
  await vi.waitFor(() => {
    expect(got).toBe("echo one");
  });
  stream.write("two");
  await vi.waitFor(() => {
    expect(got).toBe("echo oneecho two");
  });
  stream.end();
  await vi.waitFor(() => {
    expect([got, trailers]).toEqual(["echo oneecho twobye", "0"]);
  });
});

test.each(["its stream is reset", "its connection breaks"])(
  "an answer that is cut off never looks whole: %s",
  async (how) => {
    await using world = await createProxyWorld({ project, mesh: strict });
    await world.http2("backend-1", 7070, (stream) => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.write("part");
      setImmediate(() => {
        if (how === "its stream is reset") stream.close(constants.NGHTTP2_INTERNAL_ERROR);
        else stream.session?.destroy();
      });
    });
    const session = open(world, 7070);
    const over2 = await ask(session, {});
    expect([over2.status, over2.code]).toEqual([200, constants.NGHTTP2_INTERNAL_ERROR]);
    const socket = world.dial("frontend-1", "backend", 7070);
    socket.write("GET / HTTP/1.1\r\nhost: backend\r\n\r\n");
    const over1 = await readAll(socket);
    expect(over1.bytes.toString()).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(over1.bytes.toString()).not.toMatch(/\r\n0\r\n\r\n$/);
    await vi.waitFor(() => {
      const details = world.exchanges("inbound").map((each) => each.details);
      const reason = how === "its stream is reset" ? "remote_reset" : "connection_termination";
      expect(details).toEqual(Array.from({ length: 2 }, () => `upstream_reset_after_response_started{${reason}}`));
    });
  },
);

test.each([
  ["cancelled", constants.NGHTTP2_CANCEL, "remote reset"],
  ["refused", constants.NGHTTP2_REFUSED_STREAM, "remote refused stream reset"],
])("a stream that the application has %s is told in Envoy's words", async (_, code, reason) => {
  await using world = await createProxyWorld({ project, mesh: strict });
  await world.http2("backend-1", 7070, (stream) => {
    stream.close(code);
  });
  const told = await ask(open(world, 7070), { ":path": "/reset" });
  expect([told.status, told.body]).toEqual([
    503,
    `upstream connect error or disconnect/reset before headers. reset reason: ${reason}`,
  ]);
  await vi.waitFor(() => {
    expect(world.exchanges("inbound")[0]).toMatchObject({
      flags: "UR",
      details: `upstream_reset_before_response_started{${reason.replaceAll(" ", "_")}}`,
    });
  });
});

test("a new policy decides on the next stream of an open connection; one whose chain is gone ends after its answer", async () => {
  await using world = await createProxyWorld({ project });
  const waiting: (() => void)[] = [];
  await world.http2("backend-1", 7070, (stream) => {
    waiting.push(() => {
      stream.respond({ ":status": 200 });
      stream.end("late");
    });
  });
  const session = over(connectTcp(world.inbound("backend-1", 7070)));
  const first = ask(session, { ":path": "/secret" });
  await vi.waitFor(() => {
    expect(waiting).toHaveLength(1);
  });
  await world.apply(deny);
  expect((await ask(session, { ":path": "/secret" })).status).toBe(403);
  const second = ask(session, { ":path": "/open" });
  await vi.waitFor(() => {
    expect(waiting).toHaveLength(2);
  });
  await world.apply(strict);
  for (const answer of waiting) answer();
  expect([(await first).body, (await second).body]).toEqual(["late", "late"]);
  await vi.waitFor(() => {
    expect(session.destroyed).toBe(true);
  });
  expect((await ask(over(connectTcp(world.inbound("backend-1", 7070))), {})).status).toBe(0);
});

test("connections between sidecars are left alone by new ones when their identity is not trusted any more", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  await world.http2("backend-1", 7070, (stream) => {
    stream.respond({ ":status": 200 });
    stream.end("x");
  });
  const session = open(world, 7070);
  expect((await ask(session, {})).status).toBe(200);
  world.send({ type: "bundle", version: 2, roots: world.ca.roots });
  expect((await ask(session, {})).status).toBe(200);
  await vi.waitFor(() => {
    expect(world.handshakes("handshake.completed").filter(({ side }) => side === "client")).toHaveLength(2);
  });
});

test("headers may repeat, in requests and in answers", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  const seen: unknown[] = [];
  await world.tcp("backend-1", 8080, (socket) => {
    socket.on("data", () =>
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\netag: a\r\netag: b\r\ndate: x\r\ndate: y\r\n\r\nok"),
    );
  });
  await world.http2("backend-1", 7070, (stream, headers) => {
    seen.push([headers.range, headers["if-match"], headers["x-many"]]);
    stream.respond({ ":status": 200 });
    stream.end("ok");
  });
  const twice =
    "GET / HTTP/1.1\r\nhost: backend\r\nrange: a\r\nrange: b\r\nif-match: c\r\nif-match: d\r\nx-many: e\r\nx-many: f\r\n\r\n";
  expect((await exchange(world.dial("frontend-1", "backend", 7070), twice)).body).toBe("ok");
  expect(seen).toEqual([[expect.stringMatching(/^a/), expect.stringMatching(/^c/), "e, f"]]);
  const answer = await ask(open(world, 8080), {});
  expect([answer.status, answer.body]).toEqual([200, "ok"]);
  expect(String(answer.headers["etag"])).toMatch(/^a/);
});
