import { connect } from "node:net";
import type { Socket } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { exchange, readAll, readAnswer } from "../../support/proxy-talk.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";
import type { ProxyWorld } from "../../support/proxy-world.ts";
import { strict, twoServices as project } from "../../support/strict-mesh.ts";

function virtualService(http: string): string {
  return `${strict}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: backend, namespace: default}
spec:
  hosts: [backend]
  http:
${http}
`;
}

async function echoing(world: ProxyWorld): Promise<void> {
  await world.http("backend-1", 8080, (request, response) => {
    let body = "";
    request.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      response.setHeader("x-seen", `${request.method} ${request.url}`);
      response.end(JSON.stringify({ body, headers: request.headers }));
    });
  });
}

describe("bodies and framing", () => {
  test("chunked requests, HEAD, 204 and pipelining in order on one connection", async () => {
    await using world = await createProxyWorld({ project, mesh: strict });
    await world.http("backend-1", 8080, (request, response) => {
      let body = "";
      request.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
      request.on("end", () => {
        if (request.url === "/none") response.writeHead(204);
        else response.setHeader("content-length", `${request.url}:${body}`.length);
        response.end(request.url === "/none" ? undefined : `${request.url}:${body}`);
      });
    });
    const socket = world.dial("frontend-1", "backend", 8080);
    const one = await exchange(
      socket,
      "POST /1 HTTP/1.1\r\nHost: backend\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nx-t: 1\r\n\r\n",
    );
    expect(one.body).toBe("/1:abcde");
    const head = await exchange(socket, "HEAD /2 HTTP/1.1\r\nHost: backend\r\n\r\n", "HEAD");
    expect([head.status, head.headers["content-length"]]).toEqual([200, "3"]);
    expect((await exchange(socket, "GET /none HTTP/1.1\r\nHost: backend\r\n\r\n")).status).toBe(204);
    socket.write(
      "GET /a HTTP/1.1\r\nHost: backend\r\n\r\nPOST /b HTTP/1.1\r\nHost: backend\r\nContent-Length: 2\r\n\r\nhiGET /c HTTP/1.1\r\nHost: backend\r\n\r\n",
    );
    expect([(await readAnswer(socket)).body, (await readAnswer(socket)).body, (await readAnswer(socket)).body]).toEqual(
      ["/a:", "/b:hi", "/c:"],
    );
    socket.destroy();
    // Twelve exchanges, two proxies, one handshake on each side.
    await vi.waitFor(() => {
      expect(world.exchanges()).toHaveLength(12);
    });
    expect(world.handshakes()).toHaveLength(2);
  });

  test("a large body passes both ways, byte for byte", async () => {
    await using world = await createProxyWorld({ project, mesh: strict });
    await world.http("backend-1", 8080, (request, response) => {
      response.writeHead(200, { "content-type": "application/octet-stream" });
      request.pipe(response);
    });
    const size = 2 * 1024 * 1024;
    const body = Buffer.alloc(size, "0123456789abcdef");
    const socket = world.dial("frontend-1", "backend", 8080);
    socket.write(`POST /big HTTP/1.1\r\nHost: backend\r\nContent-Length: ${size}\r\n\r\n`);
    socket.write(body);
    const answer = await readAnswer(socket);
    expect(answer.body.length).toBe(size);
    expect(Buffer.from(answer.body, "latin1").equals(body)).toBe(true);
    socket.destroy();
  });

  test("100-continue comes from the application", async () => {
    await using world = await createProxyWorld({ project, mesh: strict });
    await echoing(world);
    const socket = world.dial("frontend-1", "backend", 8080);
    const interim = await exchange(
      socket,
      "POST /x HTTP/1.1\r\nHost: backend\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
    );
    expect(interim.status).toBe(100);
    expect((await exchange(socket, "abc")).status).toBe(200);
    socket.destroy();
  });

  test("an answer without length becomes chunked, HTTP/1.0 applications included", async () => {
    await using world = await createProxyWorld({ project, mesh: strict });
    await world.tcp("backend-1", 8080, (socket) => {
      socket.once("data", () => socket.end("HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\nold style"));
    });
    const answer = await exchange(world.dial("frontend-1", "backend", 8080), "GET / HTTP/1.1\r\nHost: backend\r\n\r\n");
    expect([answer.body, answer.headers["transfer-encoding"]]).toEqual(["old style", "chunked"]);
  });
});

test.each([
  ["PUT", "0"],
  ["PURGE", "0"],
  ["DELETE", undefined],
])("%s without a body is forwarded with content-length %s", async (method, length) => {
  await using world = await createProxyWorld({ project, mesh: strict });
  await echoing(world);
  const answer = await exchange(
    world.dial("frontend-1", "backend", 8080),
    `${method} / HTTP/1.1\r\nHost: backend\r\n\r\n`,
  );
  const seen: { headers: Record<string, string> } = JSON.parse(answer.body);
  expect(seen.headers["content-length"]).toBe(length);
});

describe("upgrades", () => {
  const upgrade =
    "GET /ws HTTP/1.1\r\nHost: backend\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n";

  test("websocket becomes a tunnel through both sidecars", async () => {
    await using world = await createProxyWorld({ project, mesh: strict });
    const server = await world.http("backend-1", 8080, () => undefined);
    server.on("upgrade", (_request, socket: Socket, head: Buffer) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
      socket.write(`early:${head.toString()}`);
      socket.on("data", (chunk: Buffer) => socket.write(`echo:${chunk.toString()}`));
    });
    const socket = world.dial("frontend-1", "backend", 8080);
    const answer = await exchange(socket, `${upgrade}payload`);
    expect(answer.status).toBe(101);
    expect(answer.headers).toMatchObject({ upgrade: "websocket", connection: "Upgrade", server: "envoy" });
    expect(answer.headers["x-envoy-upstream-service-time"]).toBeUndefined();
    const got: string[] = [];
    socket.on("data", (chunk: Buffer) => got.push(chunk.toString()));
    socket.resume();
    await vi.waitFor(() => {
      expect(got.join("")).toContain("payload");
    });
    socket.write("more");
    await vi.waitFor(() => {
      expect(got.join("")).toContain("echo:more");
    });
    socket.destroy();
    await vi.waitFor(() => {
      expect(world.exchanges().map(({ status, flags }) => [status, flags])).toEqual([
        [101, "DC"],
        [101, "DC"],
      ]);
    });
  });

  test("an application that answers it like any request is told so in the log", async () => {
    await using world = await createProxyWorld({ project, mesh: strict });
    await world.tcp("backend-1", 8080, (socket) => {
      socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno"));
    });
    const answer = await exchange(world.dial("frontend-1", "backend", 8080), upgrade);
    expect([answer.status, answer.body, answer.headers["content-length"]]).toEqual([200, "", "0"]);
    await vi.waitFor(() => {
      expect(world.exchanges().map(({ details }) => details)).toEqual([
        "websocket_handshake_unsuccessful",
        "websocket_handshake_unsuccessful",
      ]);
    });
  });

  test("an unknown protocol is refused before any policy", async () => {
    await using world = await createProxyWorld({ project, mesh: strict });
    await echoing(world);
    const answer = await exchange(world.dial("frontend-1", "backend", 8080), upgrade.replace("websocket", "mystery"));
    expect([answer.status, answer.body]).toEqual([403, ""]);
    await vi.waitFor(() => {
      expect(world.exchanges()[0]?.details).toBe("upgrade_failed");
    });
  });
});

describe("routing", () => {
  test("rewrite, headers, redirect, direct response, fault and timeout", async () => {
    await using world = await createProxyWorld({
      project,
      mesh: virtualService(`  - match: [{uri: {prefix: /old}}]
    rewrite: {uri: /new}
    headers: {request: {set: {x-a: "1"}}, response: {add: {x-b: "2"}}}
    route: [{destination: {host: backend}}]
  - match: [{uri: {exact: /redirect}}]
    redirect: {uri: /target}
  - match: [{uri: {exact: /direct}}]
    directResponse: {status: 418, body: {string: teapot}}
  - match: [{uri: {exact: /abort}}]
    fault: {delay: {fixedDelay: 20ms, percentage: {value: 100}}, abort: {httpStatus: 555, percentage: {value: 100}}}
    route: [{destination: {host: backend}}]
  - match: [{uri: {exact: /slow}}]
    timeout: 50ms
    route: [{destination: {host: backend}}]
  - route: [{destination: {host: nowhere}}]
`),
    });
    await world.http("backend-1", 8080, (request, response) => {
      if (request.url !== "/slow") response.end(`${request.url} ${String(request.headers["x-a"])}`);
    });
    const ask = (path: string) =>
      exchange(world.dial("frontend-1", "backend", 8080), `GET ${path} HTTP/1.1\r\nHost: backend:8080\r\n\r\n`);
    const old = await ask("/old/x?q=1");
    expect([old.body, old.headers["x-b"]]).toEqual(["/new/x?q=1 1", "2"]);
    const redirect = await ask("/redirect");
    expect([redirect.status, redirect.headers["location"]]).toEqual([301, "http://backend:8080/target"]);
    expect(await ask("/direct")).toMatchObject({ status: 418, body: "teapot" });
    expect(await ask("/abort")).toMatchObject({ status: 555, body: "fault filter abort" });
    expect(await ask("/slow")).toMatchObject({ status: 504, body: "upstream request timeout" });
    expect((await ask("/other")).status).toBe(503);
    await vi.waitFor(() => {
      expect(world.exchanges("outbound").map(({ status, flags }) => [status, flags])).toEqual([
        [200, "-"],
        [301, "-"],
        [418, "-"],
        [555, "DI,FI"],
        [504, "UT"],
        [503, "NC"],
      ]);
    });
    const first = world.exchanges("outbound")[0];
    expect(first).toMatchObject({
      path: "/new/x?q=1",
      originalPath: "/old/x?q=1",
      cluster: "outbound|8080||backend.default.svc.cluster.local",
    });
    expect(first?.routeAt).toMatchObject({ resource: "VirtualService default/backend", file: "mesh/all.yaml" });
  });

  test("retries follow the rule, and the application sees the count", async () => {
    await using world = await createProxyWorld({
      project,
      mesh: virtualService(`  - retries: {attempts: 3, retryOn: "503", backoff: 1ms}
    route: [{destination: {host: backend}}]
`),
    });
    const counts: string[] = [];
    await world.http("backend-1", 8080, (request, response) => {
      counts.push(String(request.headers["x-envoy-attempt-count"]));
      request.resume();
      response.statusCode = counts.length < 3 ? 503 : 200;
      response.end("done");
    });
    const answer = await exchange(
      world.dial("frontend-1", "backend", 8080),
      "POST /x HTTP/1.1\r\nHost: backend\r\nContent-Length: 4\r\n\r\nbody",
    );
    expect([answer.status, answer.body]).toEqual([200, "done"]);
    expect(counts).toEqual(["1", "2", "3"]);
    await vi.waitFor(() => {
      expect(world.exchanges("outbound")[0]).toMatchObject({ attempts: 3, flags: "-" });
    });
  });

  test("normalisation happens before policy and before the application", async () => {
    await using world = await createProxyWorld({ project, mesh: strict });
    await echoing(world);
    const answer = await exchange(
      world.dial("frontend-1", "backend", 8080),
      "GET /a/../%61dmin#x HTTP/1.1\r\nHost: backend\r\n\r\n",
    );
    expect(answer.headers["x-seen"]).toBe("GET /admin");
    const bad = await exchange(
      world.dial("frontend-1", "backend", 8080),
      "GET /a%00 HTTP/1.1\r\nHost: backend\r\n\r\n",
    );
    expect([bad.status, bad.body]).toEqual([400, ""]);
  });
});

describe("delays and limits", () => {
  test("a delayed request keeps its body, and one whose caller leaves is told", async () => {
    await using world = await createProxyWorld({
      project,
      mesh: virtualService(`  - fault: {delay: {fixedDelay: 60ms, percentage: {value: 100}}}
    route: [{destination: {host: backend}}]
`),
    });
    await echoing(world);
    const socket = world.dial("frontend-1", "backend", 8080);
    socket.write("POST /x HTTP/1.1\r\nHost: backend\r\nContent-Length: 6\r\n\r\nabc");
    setImmediate(() => socket.write("def"));
    const answer = await readAnswer(socket);
    expect(answer.body).toContain('"body":"abcdef"');
    socket.write("GET /gone HTTP/1.1\r\nHost: backend\r\n\r\n", () => socket.destroy());
    await vi.waitFor(() => {
      expect(world.exchanges("outbound").map(({ flags, status }) => [flags, status])).toEqual([
        ["DI", 200],
        ["DI,DC", 0],
      ]);
    });
  });

  test("each try has its own limit", async () => {
    await using world = await createProxyWorld({
      project,
      mesh: virtualService(`  - retries: {attempts: 2, perTryTimeout: 40ms, retryOn: 5xx, backoff: 1ms}
    route: [{destination: {host: backend}}]
`),
    });
    let tries = 0;
    await world.http("backend-1", 8080, () => (tries += 1));
    const answer = await exchange(world.dial("frontend-1", "backend", 8080), "GET / HTTP/1.1\r\nHost: backend\r\n\r\n");
    expect([answer.status, answer.body]).toEqual([504, "upstream request timeout"]);
    expect(tries).toBe(3);
    await vi.waitFor(() => {
      expect(world.exchanges("outbound")[0]).toMatchObject({
        flags: "URX,UT",
        details: "upstream_per_try_timeout",
        attempts: 3,
      });
    });
  });

  test("a head that breaks the protocol is refused where it is first read", async () => {
    await using world = await createProxyWorld({ project, mesh: strict });
    await echoing(world);
    const ask = (bytes: string): ReturnType<typeof exchange> =>
      exchange(world.dial("frontend-1", "backend", 8080), bytes);
    expect(await ask("get / HTTP/1.1\r\nHost: b\r\n\r\n")).toMatchObject({ status: 400, body: "Bad Request" });
    const twice = world.dial("frontend-1", "backend", 8080);
    // A request with another target than a path is whole, wherever its lines end: the connection goes on behind it.
    expect(
      await exchange(twice, "OPTIONS * HTTP/1.1\nHost: a\r\n\nGET /b HTTP/1.1\r\nHost: backend\r\n\r\n"),
    ).toMatchObject({ status: 404, body: "" });
    expect((await readAnswer(twice)).headers["x-seen"]).toBe("GET /b");
    expect(await ask("GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\nHost: backend\r\n\r\n")).toMatchObject({
      status: 400,
      headers: { connection: "close" },
    });
    const broken = world.dial("frontend-1", "backend", 8080);
    broken.write("POST / HTTP/1.1\r\nHost: backend\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    await vi.waitFor(() => {
      expect(world.handshakes().length).toBeGreaterThan(1);
    });
    expect((await exchange(broken, "zz\r\n")).status).toBe(400);
    await vi.waitFor(() => {
      expect(world.exchanges("outbound").map(({ details }) => details)).toEqual([
        "http1.codec_error",
        "absolute_path_rejected",
        "via_upstream",
        "missing_host_header",
        "http1.codec_error",
      ]);
    });
  });
});

describe("upstream failures", () => {
  test("an application that is not there: 503 from its own sidecar after three tries", async () => {
    await using world = await createProxyWorld({ project, mesh: strict });
    const answer = await exchange(world.dial("frontend-1", "backend", 8080), "GET / HTTP/1.1\r\nHost: backend\r\n\r\n");
    expect(answer.status).toBe(503);
    expect(answer.body).toBe(
      "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure",
    );
    await vi.waitFor(() => {
      expect(world.exchanges("inbound")[0]).toMatchObject({ flags: "URX,UF", attempts: 3 });
      expect(world.exchanges("outbound")[0]).toMatchObject({ status: 503, flags: "-", details: "via_upstream" });
    });
  });

  test("an application that hangs up: UC, asked once", async () => {
    await using world = await createProxyWorld({ project, mesh: strict });
    let hits = 0;
    await world.tcp("backend-1", 8080, (socket) => {
      socket.once("data", () => {
        hits += 1;
        socket.destroy();
      });
    });
    const answer = await exchange(world.dial("frontend-1", "backend", 8080), "GET / HTTP/1.1\r\nHost: backend\r\n\r\n");
    expect(answer.body).toBe(
      "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
    );
    expect(hits).toBe(1);
    await vi.waitFor(() => {
      expect(world.exchanges("inbound")[0]?.flags).toBe("UC");
    });
  });

  test("an application that talks nonsense: 502 UPE", async () => {
    await using world = await createProxyWorld({ project, mesh: strict });
    await world.tcp("backend-1", 8080, (socket) => {
      socket.on("data", () => socket.write("nonsense\r\n\r\n"));
    });
    expect(
      (await exchange(world.dial("frontend-1", "backend", 8080), "GET / HTTP/1.1\r\nHost: backend\r\n\r\n")).status,
    ).toBe(502);
  });

  test("an answer that breaks off breaks the caller's connection too", async () => {
    await using world = await createProxyWorld({ project, mesh: strict });
    await world.tcp("backend-1", 8080, (socket) => {
      socket.on("data", () => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", () => socket.destroy());
      });
    });
    const socket = world.dial("frontend-1", "backend", 8080);
    socket.write("GET / HTTP/1.1\r\nHost: backend\r\n\r\n");
    const { bytes } = await readAll(socket);
    expect(bytes.toString("latin1")).toMatch(/^HTTP\/1.1 200 OK[^]*half$/);
  });

  test("plaintext to STRICT: 503 UC, not retried", async () => {
    await using world = await createProxyWorld({
      project,
      mesh: `${strict}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: plain, namespace: default}
spec: {host: backend, trafficPolicy: {tls: {mode: DISABLE}}}
`,
    });
    const answer = await exchange(world.dial("frontend-1", "backend", 8080), "GET / HTTP/1.1\r\nHost: backend\r\n\r\n");
    expect(answer.body).toBe(
      "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
    );
    await vi.waitFor(() => {
      expect(world.handshakes("handshake.failed")[0]).toMatchObject({
        from: { workload: "frontend-1" },
        failure: { reason: "plaintext under STRICT" },
      });
    });
  });

  test("a caller that leaves takes its request with it", async () => {
    await using world = await createProxyWorld({ project, mesh: strict });
    let closed = false;
    await world.http("backend-1", 8080, (request) => {
      request.on("close", () => (closed = true));
    });
    const socket = world.dial("frontend-1", "backend", 8080);
    socket.write("GET / HTTP/1.1\r\nHost: backend\r\n\r\n");
    await vi.waitFor(() => {
      expect(world.handshakes().length).toBe(2);
    });
    socket.destroy();
    await vi.waitFor(() => {
      expect(closed).toBe(true);
      expect(world.exchanges().map(({ flags, status }) => [flags, status])).toEqual([
        ["DC", 0],
        ["DC", 0],
      ]);
    });
  });
});

test("who is refused before the body has come learns it, and the connection ends", async () => {
  await using world = await createProxyWorld({
    project,
    mesh: `${strict}---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nothing, namespace: default}
spec: {}
`,
  });
  const socket = world.dial("frontend-1", "backend", 8080);
  const answer = await exchange(socket, "POST / HTTP/1.1\r\nHost: backend\r\nContent-Length: 1000000\r\n\r\nstart");
  expect([answer.status, answer.body]).toEqual([403, "RBAC: access denied"]);
  socket.destroy();
});

test("secrets never leave: headers, cookies, query parameters", async () => {
  await using world = await createProxyWorld({ project, mesh: strict });
  await echoing(world);
  const canary = "s3cr3t-canary";
  await exchange(
    world.dial("frontend-1", "backend", 8080),
    `GET /x?access_token=${canary}&a=1&%74oken=${canary} HTTP/1.1\r\nHost: backend\r\nAuthorization: Bearer ${canary}\r\nCookie: id=${canary}\r\nX-Api-Key: ${canary}\r\nX-Plain: shown\r\n\r\n`,
  );
  await vi.waitFor(() => {
    expect(world.exchanges()).toHaveLength(2);
  });
  const text = JSON.stringify(world.events);
  expect(text).not.toContain(canary);
  expect(world.exchanges("inbound")[0]?.path).toBe("/x?access_token=***&a=1&%74oken=***");
  expect(world.exchanges("inbound")[0]?.headers).toMatchObject({
    "x-plain": "shown",
    authorization: "***",
    cookie: "***",
    "x-api-key": "***",
  });
});

test("an unknown host passes through by HTTP, by the address that was dialled", async () => {
  await using world = await createProxyWorld({ project });
  await echoing(world);
  const answer = await exchange(
    world.dial("frontend-1", "backend", 8080),
    "GET /x HTTP/1.1\r\nHost: unknown.example\r\n\r\n",
  );
  expect(answer.status).toBe(200);
  await vi.waitFor(() => {
    expect(world.exchanges("outbound")[0]).toMatchObject({ cluster: "PassthroughCluster", route: "allow_any" });
  });
  const direct = connect(world.inbound("backend-1", 8080));
  direct.destroy();
});
