import { expect, test, vi } from "vitest";
import { exchange } from "../../support/proxy-talk.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";

const project = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, port: 8080}
`;

const mesh = `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: jwt, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  jwtRules:
  - issuer: https://id.example
    outputClaimToHeaders: [{header: x-sub, claim: sub}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-tokens, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  action: DENY
  rules:
  - from: [{source: {requestPrincipals: ["*"]}}]
`;

test("a request with a token is refused, one without passes, and nobody writes the headers of a verified token", async () => {
  await using world = await createProxyWorld({ project, mesh });
  const seen: (string | string[] | undefined)[] = [];
  await world.http("backend-1", 8080, (request, response) => {
    seen.push(request.headers["x-sub"]);
    response.end("ok");
  });
  const socket = world.dial("frontend-1", "backend", 8080);
  const plain = await exchange(socket, "GET /a HTTP/1.1\r\nHost: backend:8080\r\nx-sub: admin\r\n\r\n");
  expect([plain.status, plain.body]).toEqual([200, "ok"]);
  expect(seen).toEqual([undefined]);

  const refused = await exchange(
    socket,
    "GET /b?c=1 HTTP/1.1\r\nHost: backend:8080\r\nAuthorization: Bearer a.b.c\r\n\r\n",
  );
  expect(refused).toMatchObject({
    status: 401,
    body: "Jwt verification fails",
    headers: {
      "content-type": "text/plain",
      "www-authenticate": 'Bearer realm="http://backend:8080/b?c=1", error="invalid_token"',
    },
  });
  expect(seen).toHaveLength(1);
  socket.destroy();
  await vi.waitFor(() => {
    expect(world.exchanges("inbound")).toHaveLength(2);
  });
  expect(world.exchanges("inbound")[1]).toMatchObject({
    status: 401,
    flags: "-",
    details: "jwt_authn_access_denied{Jwt_verification_fails}",
    decision: {
      verdict: "deny",
      reason: "jwt-not-supported",
      by: { resource: "RequestAuthentication default/jwt", line: 8 },
      note: "meshdev cannot verify tokens yet, so a request that carries one is refused",
    },
  });
});
