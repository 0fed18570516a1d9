import { connect } from "node:http2";
import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { createProxyWorld } from "../../support/proxy-world.ts";
import type { ProxyWorld } from "../../support/proxy-world.ts";

const project = `
services:
  backend: {run: x, ports: [{name: http, port: 8080}, {name: grpc, port: 7070}, {name: web, port: 9090}]}
  frontend: {run: x}
  intruder: {run: x}
`;
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
