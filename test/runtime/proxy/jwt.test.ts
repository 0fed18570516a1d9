import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { exchange } from "../../support/proxy-talk.ts";
import { createProxyWorld, type ProxyWorld } from "../../support/proxy-world.ts";
import { keySet, signedToken, signingKey } from "../../support/tokens.ts";

const project = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, port: 8080}
`;

const key = signingKey("ES256", "k");

const mesh = (keys: string): string => `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: jwt, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  jwtRules:
  - issuer: https://id.example
    jwks: '${keys}'
    fromHeaders: [{name: Authorization, prefix: "Bearer "}]
    fromParams: [ticket]
    outputClaimToHeaders: [{header: x-sub, claim: sub}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-bob, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  action: DENY
  rules:
  - from: [{source: {requestPrincipals: ["https://id.example/bob"]}}]
`;

const tokenOf = (sub: string, more: object = {}): string =>
  signedToken(key, { iss: "https://id.example", sub, ...more });

let world: ProxyWorld;
const seen: { readonly url: string | undefined; readonly sub: unknown; readonly authorization: unknown }[] = [];

beforeAll(async () => {
  world = await createProxyWorld({ project, mesh: mesh(keySet(key)) });
  await world.http("backend-1", 8080, ({ url, headers }, response) => {
    seen.push({ url, sub: headers["x-sub"], authorization: headers.authorization });
    response.end("ok");
  });
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function ask(path: string, ...lines: readonly string[]): ReturnType<typeof exchange> {
  const socket = world.dial("frontend-1", "backend", 8080);
  const head = [`GET ${path} HTTP/1.1`, "Host: backend:8080", ...lines];
  const answer = await exchange(socket, `${head.join("\r\n")}\r\n\r\n`);
  socket.destroy();
  return answer;
}

async function lastEvent(count: number): Promise<unknown> {
  await vi.waitFor(() => {
    expect(world.exchanges("inbound")).toHaveLength(count);
  });
  return world.exchanges("inbound").at(-1);
}

test("nobody but a verified token writes the headers that tell of it", async () => {
  expect(await ask("/a", "x-sub: admin")).toMatchObject({ status: 200, body: "ok" });
  expect(seen.at(-1)).toEqual({ url: "/a", sub: undefined, authorization: undefined });
  await lastEvent(1);
});

test("a good token goes no further than the sidecar, and its claims do", async () => {
  const answer = await ask(
    `/a?x=1&ticket=${tokenOf("alice")}`,
    "x-sub: admin",
    `authorization: Bearer ${tokenOf("alice")}`,
  );
  expect(answer).toMatchObject({ status: 200 });
  expect(seen.at(-1)).toEqual({ url: "/a?x=1", sub: "alice, alice", authorization: undefined });
  const event = await lastEvent(2);
  expect(event).toMatchObject({
    path: "/a?x=1",
    originalPath: "/a?x=1&ticket=***",
    decision: {
      verdict: "allow",
      token: {
        verified: true,
        fault: null,
        issuer: "https://id.example",
        subject: "alice",
        location: "header authorization",
        rule: { resource: "RequestAuthentication default/jwt", rule: 0, line: 8 },
      },
    },
  });
  expect(JSON.stringify(world.events)).not.toContain("eyJ");
});

test("policies decide by its claims", async () => {
  const answer = await ask("/a", `authorization: Bearer ${tokenOf("bob")}`);
  expect(answer).toMatchObject({ status: 403, body: "RBAC: access denied" });
  expect(await lastEvent(3)).toMatchObject({
    decision: { by: { resource: "AuthorizationPolicy default/no-bob" }, token: { subject: "bob", verified: true } },
  });
});

test("a bad one is told off in Envoy's words", async () => {
  const count = seen.length;
  const answer = await ask("/b?c=1", `authorization: Bearer ${tokenOf("alice", { exp: 1 })}`);
  expect(answer).toMatchObject({
    status: 401,
    body: "Jwt is expired",
    headers: {
      "content-type": "text/plain",
      "www-authenticate": 'Bearer realm="http://backend:8080/b?c=1", error="invalid_token"',
    },
  });
  expect(seen).toHaveLength(count);
  expect(await lastEvent(4)).toMatchObject({
    status: 401,
    flags: "-",
    details: "jwt_authn_access_denied{Jwt_is_expired}",
    decision: {
      verdict: "deny",
      reason: "jwt",
      by: { resource: "RequestAuthentication default/jwt", line: 8 },
      token: { verified: false, fault: "Jwt is expired", subject: "alice", expires: "1970-01-01T00:00:01.000Z" },
    },
  });
});

test("new keys count from the next request on, also for tokens that were verified before", async () => {
  const token = tokenOf("alice");
  expect(await ask("/a", `authorization: Bearer ${token}`)).toMatchObject({ status: 200 });
  await world.apply(mesh(keySet(signingKey("ES256", "k2"))));
  expect(await ask("/a", `authorization: Bearer ${token}`)).toMatchObject({
    status: 401,
    body: "Jwks doesn't have key to match kid or alg from Jwt",
  });
  await world.apply(mesh(keySet(key)));
  expect(await ask("/a", `authorization: Bearer ${token}`)).toMatchObject({ status: 200 });
});
