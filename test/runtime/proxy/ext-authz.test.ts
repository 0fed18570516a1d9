import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createRawApp, type RawApp } from "../../support/raw-app.ts";
import { readAll, readAnswer } from "../../support/proxy-talk.ts";
import { createProxyWorld, type ProxyWorld } from "../../support/proxy-world.ts";
import {
  createScriptedAuthorizer,
  grpcProviders,
  httpProviders,
  requestOf,
  scenarios,
  type ScriptedAuthorizer,
  talk,
} from "../../support/ext-authz-scenarios.ts";

const service = "authz.default.svc.cluster.local";
const providers = [
  ...Object.entries(httpProviders).map(([name, more]) => ({
    name,
    envoyExtAuthzHttp: { service, port: 8000, ...more },
  })),
  ...Object.entries(grpcProviders).map(([name, more]) => ({
    name,
    envoyExtAuthzGrpc: { service, port: 9000, ...more },
  })),
  { name: "meshed", envoyExtAuthzHttp: { service: "guard.default.svc.cluster.local", port: 8000 } },
  { name: "nowhere", envoyExtAuthzHttp: { service: "gone.default.svc.cluster.local", port: 8000 } },
  { name: "tcp", envoyExtAuthzGrpc: { service, port: 9000, timeout: "2s" } },
];

const project = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, ports: [{name: http, port: 8080}, {name: tcp, port: 9100}]}
  guard: {run: x, ports: [{name: http, port: 8000}]}
  authz: {run: x, sidecar: false, ports: [{name: http, port: 8000}, {name: grpc, port: 9000}]}
features: {PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS: "true"}
meshConfig: ${JSON.stringify({ extensionProviders: providers })}
`;

const policy = (name: string, rule: string): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ${name}, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  action: CUSTOM
  provider: {name: ${name}}
  rules:
  - to: [{operation: ${rule}}]
---`;

const policies = providers
  .map(({ name }) => policy(name, name === "tcp" ? "{ports: ['9100']}" : `{paths: ['/${name}/*'], ports: ['8080']}`))
  .join("");

const denyAll = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-one, namespace: default}
spec: {selector: {matchLabels: {app: backend}}, action: DENY, rules: [{to: [{operation: {methods: [DELETE], ports: ['8080']}}]}]}
`;

let world: ProxyWorld;
let authorizer: ScriptedAuthorizer;
let app: RawApp;

beforeAll(async () => {
  world = await createProxyWorld({ project, mesh: `${policies}${denyAll}` });
  app = await createRawApp(`${world.folder}/a-backend-1-8080`);
  app.answer = (_, socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-app: 1\r\n\r\nok");
  };
  authorizer = createScriptedAuthorizer();
  for (const [server, port] of [[authorizer.http, 8000] as const, [authorizer.grpc, 9000] as const]) {
    server.listen(world.inbound("authz-1", port));
    await once(server, "listening");
  }
}, 60_000);

afterAll(async () => {
  await authorizer[Symbol.asyncDispose]();
  await app.close();
  await world[Symbol.asyncDispose]();
});

beforeEach(() => {
  authorizer.checks.length = 0;
  authorizer.grpcChecks.length = 0;
});

const backend = (): { readonly host: string; readonly port: number } => world.inbound("backend-1", 8080);

async function lastExchange(path: string): Promise<ReturnType<ProxyWorld["exchanges"]>[number]> {
  return vi.waitFor(() => {
    const found = world.exchanges("inbound").findLast((event) => event.path.startsWith(path));
    if (found === undefined) throw new Error("not told yet");
    return found;
  });
}

describe("what an authorizer says is what Envoy 1.40 makes of it", () => {
  test.each(scenarios)("$name", async (scenario) => {
    authorizer.script = scenario;
    const before = app.arrived.length;
    const text = await talk(backend(), requestOf(scenario));
    const [status, body, asked] = scenario.expected;
    expect(text.split(" ")[1]).toBe(`${status}`);
    expect(text.slice(text.indexOf("\r\n\r\n") + 4)).toBe(body);
    expect(app.arrived.length - before).toBe(asked ? 1 : 0);
    if (asked) expect(app.arrived.at(-1)?.body).toBe(scenario.body ?? "");
  });
});

test("a check over HTTP tells method, path, authority, credentials and what is listed", async () => {
  authorizer.script = { http: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-up: 1\r\n\r\n" };
  const lines = "x-a: 1\r\nx-other: 2\r\nx-sent-b: 3\r\nAuthorization: Basic x\r\nx-up: spoofed\r\n";
  await talk(backend(), `GET /lists/x HTTP/1.1\r\nhost: backend:8080\r\n${lines}\r\n`);
  const [line, ...fields] = (authorizer.checks[0] ?? "").trimEnd().split("\r\n");
  expect(line).toBe("GET /lists/x HTTP/1.1");
  expect(fields.toSorted()).toEqual([
    "authorization: Basic x",
    "content-length: 0",
    "host: backend:8080",
    "x-a: over",
    "x-add: v1",
    "x-envoy-expected-rq-timeout-ms: 600000",
    "x-envoy-internal: true",
    "x-sent-b: 3",
  ]);
  expect(app.arrived.at(-1)?.head).toMatch(/\r\nx-up: 1\r\n/);
  expect(app.arrived.at(-1)?.head).not.toMatch(/spoofed/);
});

test("a check over gRPC tells who calls whom, by which certificate, and every header", async () => {
  authorizer.script = { grpc: { message: {} } };
  const socket = world.dial("frontend-1", "backend", 8080);
  socket.write("GET /grpc/x HTTP/1.1\r\nhost: backend:8080\r\n\r\n");
  expect((await readAnswer(socket)).status).toBe(200);
  socket.destroy();
  const [asked] = authorizer.grpcChecks;
  expect(asked?.headers).toMatchObject({
    ":path": "/envoy.service.auth.v3.Authorization/Check",
    ":authority": service,
    "grpc-timeout": "2000m",
    te: "trailers",
  });
  const { source, destination, tlsSession, request } = asked?.check.attributes ?? {};
  expect(source?.principal).toBe("spiffe://cluster.local/ns/default/sa/frontend");
  expect(decodeURIComponent(source?.certificate ?? "")).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
  expect(destination?.principal).toBe("spiffe://cluster.local/ns/default/sa/backend");
  expect(destination?.address?.socketAddress?.portValue).toBe(8080);
  expect(tlsSession?.sni).toBe("outbound_.8080_._.backend.default.svc.cluster.local");
  expect(request?.http).toMatchObject({ method: "GET", path: "/grpc/x", host: "backend:8080", scheme: "http" });
  expect(request?.http?.headers?.["x-forwarded-client-cert"]).toMatch(/URI=spiffe:.*frontend$/);
});

test("an authorizer with a sidecar is asked over mutual TLS", async () => {
  const peers: (string | undefined)[] = [];
  const server = await world.http("guard-1", 8000, ({ headers }, response) => {
    peers.push(String(headers["x-forwarded-client-cert"]));
    response.end();
  });
  expect(await talk(backend(), "GET /meshed/x HTTP/1.1\r\nhost: a\r\n\r\n")).toMatch(/^HTTP\/1.1 200/);
  expect(peers[0]).toMatch(/URI=spiffe:\/\/cluster.local\/ns\/default\/sa\/backend$/);
  server.close();
});

test("what an authorizer allows is still refused by DENY, with what it adds to the answer", async () => {
  const said = { responseHeadersToAdd: [{ header: { key: "x-down", value: "1" } }] };
  authorizer.script = { grpc: { message: { okResponse: said } } };
  const text = await talk(backend(), "DELETE /grpc/x HTTP/1.1\r\nhost: a\r\n\r\n");
  expect(text).toMatch(/^HTTP\/1.1 403 .*\r\nx-down: 1\r\n.*RBAC: access denied$/s);
});

test("DENY sees the request that the authorizer made of it", async () => {
  authorizer.script = {
    grpc: { message: { okResponse: { headers: [{ header: { key: ":method", value: "DELETE" } }] } } },
  };
  expect(await talk(backend(), "GET /grpc/x HTTP/1.1\r\nhost: a\r\n\r\n")).toMatch(/^HTTP\/1.1 403 .*RBAC/s);
  const allowed = {
    headers: [{ header: { key: ":method", value: "PUT" } }, { header: { key: ":path", value: "/new" } }],
  };
  authorizer.script = { grpc: { message: { okResponse: allowed } } };
  expect(await talk(backend(), "GET /grpc/x HTTP/1.1\r\nhost: a\r\n\r\n")).toMatch(/^HTTP\/1.1 200/);
  expect(app.arrived.at(-1)?.head).toMatch(/^PUT \/new HTTP/);
});

test("a header that would break the request is answered as Envoy's router answers it", async () => {
  const headers = [{ header: { key: "x-bad", value: "a\r\nx-evil: 1" } }];
  authorizer.script = { grpc: { message: { okResponse: { headers } } } };
  const text = await talk(backend(), "GET /grpc/x HTTP/1.1\r\nhost: a\r\n\r\n");
  expect(text).toMatch(/^HTTP\/1.1 503 .*invalid header value for: x-bad$/s);
});

test("a provider whose service is unknown refuses what its policy matches", async () => {
  expect(await talk(backend(), "GET /nowhere/x HTTP/1.1\r\nhost: a\r\n\r\n")).toMatch(/^HTTP\/1.1 403 .*RBAC/s);
  expect((await lastExchange("/nowhere")).details).toBe(
    "rbac_access_denied_matched_policy[istio-ext-authz-nowhere-ns[default]-policy[nowhere]-rule[0]-deny-due-to-bad-CUSTOM-action]",
  );
});

test("the event tells whom it asked, what came and what changed", async () => {
  authorizer.script = { http: "HTTP/1.1 401 X\r\ncontent-length: 2\r\nx-why: you\r\n\r\nno" };
  await talk(backend(), "GET /plain/event HTTP/1.1\r\nhost: a\r\n\r\n");
  expect(await lastExchange("/plain/event")).toMatchObject({
    status: 401,
    flags: "UAEX",
    details: "ext_authz_denied",
    decision: { verdict: "deny", reason: "ext-authz-denied", by: { resource: "AuthorizationPolicy default/plain" } },
    extAuthz: [
      {
        provider: "plain",
        protocol: "http",
        cluster: "outbound|8000||authz.default.svc.cluster.local",
        rule: "istio-ext-authz-plain-ns[default]-policy[plain]-rule[0]",
        result: "denied",
        status: 401,
        error: null,
      },
    ],
  });
});

test("a caller that leaves takes its question back; one that waits is decided by the rules of then", async () => {
  authorizer.script = { http: "hang" };
  const socket = connect(backend(), () => socket.write("GET /prefix/gone HTTP/1.1\r\nhost: a\r\n\r\n"));
  await vi.waitFor(() => {
    expect(authorizer.checks).toHaveLength(1);
  });
  socket.destroy();
  expect(await lastExchange("/prefix/gone")).toMatchObject({
    status: 0,
    flags: "DC",
    details: "downstream_remote_disconnect",
  });

  const waiting = connect(backend(), () => waiting.write("PATCH /prefix/kept HTTP/1.1\r\nhost: a\r\n\r\n"));
  await vi.waitFor(() => {
    expect(authorizer.checks).toHaveLength(2);
  });
  const answer = readAnswer(waiting);
  await world.apply(`${policies}${denyAll.replace("DELETE", "PATCH")}`);
  authorizer.script = { http: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n" };
  for (const held of authorizer.open()) held.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  expect((await answer).status).toBe(403);
  waiting.destroy();
  await world.apply(`${policies}${denyAll}`);
});

describe("TCP", () => {
  let heard = "";

  async function say(text: string): Promise<string> {
    const socket = connect(world.inbound("backend-1", 9100), () => socket.write(text));
    let got = "";
    socket.on("data", (chunk: Buffer) => {
      got += chunk.toString();
      if (got.includes(text)) socket.end();
    });
    socket.on("error", () => undefined);
    await once(socket, "close");
    return got;
  }

  beforeAll(async () => {
    await world.tcp("backend-1", 9100, (socket) => {
      socket.write("hello ");
      socket.on("data", (chunk: Buffer) => {
        heard += chunk.toString();
      });
      socket.pipe(socket);
    });
  });

  test("a connection waits for the authorizer; what the application says first does not", async () => {
    authorizer.script = { grpc: { message: {} } };
    expect(await say("ping!")).toBe("hello ping!");
    expect(authorizer.grpcChecks[0]?.check.attributes.request).toBeUndefined();
    expect(authorizer.grpcChecks[0]?.check.attributes.destination?.address?.socketAddress?.portValue).toBe(9100);
  });

  // In plain text a connection without a byte ends before anybody knows whether it is TLS.
  describe.each([
    ["in plain text", "last words", () => connect({ ...world.inbound("backend-1", 9100), allowHalfOpen: true })],
    ["by mutual TLS", "last words", () => world.dial("frontend-1", "backend", 9100)],
    ["by mutual TLS", "", () => world.dial("frontend-1", "backend", 9100)],
  ] as const)("a caller, %s, that says %j and closes its side at once", (_, words, dial) => {
    test("is heard and answered, when it may speak", async () => {
      authorizer.script = { grpc: { message: {} } };
      const socket = dial();
      socket.end(words);
      expect((await readAll(socket)).bytes.toString()).toBe(`hello ${words}`);
      expect(authorizer.grpcChecks).toHaveLength(1);
    });

    test("is heard by nobody, when it may not", async () => {
      authorizer.script = { grpc: { message: { status: { code: 7 } } } };
      heard = "";
      const socket = dial();
      socket.end(words);
      expect("hello ").toContain((await readAll(socket)).bytes.toString());
      expect(authorizer.grpcChecks).toHaveLength(1);
      expect(heard).toBe("");
    });
  });

  test.each([
    ["refused", { message: { status: { code: 7 } } }, "ext_authz_denied"],
    ["an error", "reset", "ext_authz_error"],
  ] as const)("%s: closed, and the event says why", async (_name, grpc, details) => {
    authorizer.script = { grpc };
    expect(await say("ping!")).toBe("hello ");
    await vi.waitFor(() => {
      expect(world.connections().at(-1)).toMatchObject({ flags: "UAEX", details, extAuthz: [{ protocol: "grpc" }] });
    });
  });
});
