import { expect, test, vi } from "vitest";
import { exchange } from "../../support/proxy-talk.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";

const project = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, port: 8080}
  intruder: {run: x, port: 8080}
`;

const policy = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: backend-allow, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  action: ALLOW
  rules:
  - from: [{source: {principals: ["cluster.local/ns/default/sa/frontend"]}}]
    to: [{operation: {methods: [GET], paths: ["/api/*"]}}]
`;

test("frontend's call crosses by mutual TLS and the application learns who called", async () => {
  await using world = await createProxyWorld({ project, mesh: policy });
  await world.http("backend-1", 8080, (request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  });
  const socket = world.dial("frontend-1", "backend", 8080);
  const answer = await exchange(
    socket,
    "GET /api/data HTTP/1.1\r\nHost: backend:8080\r\nX-Forwarded-Client-Cert: forged\r\n\r\n",
  );
  expect(answer.status).toBe(200);
  expect(answer.headers["server"]).toBe("envoy");
  const seen: { url: string; headers: Record<string, string> } = JSON.parse(answer.body);
  expect(seen.url).toBe("/api/data");
  expect(seen.headers["x-forwarded-client-cert"]).toMatch(
    /^By=spiffe:\/\/cluster.local\/ns\/default\/sa\/backend;Hash=[0-9a-f]{64};Subject="";URI=spiffe:\/\/cluster.local\/ns\/default\/sa\/frontend$/,
  );
  await vi.waitFor(() => {
    expect(world.exchanges()).toHaveLength(2);
  });
  const [outbound] = world.exchanges("outbound");
  const [inbound] = world.exchanges("inbound");
  expect(outbound?.requestId).toBe(inbound?.requestId);
  expect(inbound?.decision?.verdict).toBe("allow");
  expect(world.handshakes("handshake.completed").map(({ side, tls }) => [side, tls.version, tls.alpn])).toEqual(
    expect.arrayContaining([
      ["client", "TLSv1.3", "http/1.1"],
      ["server", "TLSv1.3", "http/1.1"],
    ]),
  );
});

test("intruder is refused with exactly Envoy's bytes, and the policy is named", async () => {
  await using world = await createProxyWorld({ project, mesh: policy });
  const hits = vi.fn<() => void>();
  await world.http("backend-1", 8080, (_, response) => {
    hits();
    response.end();
  });
  const socket = world.dial("intruder-1", "backend", 8080);
  const answer = await exchange(socket, "GET /api/data HTTP/1.1\r\nHost: backend:8080\r\n\r\n");
  expect(answer.status).toBe(403);
  expect(answer.body).toBe("RBAC: access denied");
  expect(answer.headers["content-type"]).toBe("text/plain");
  expect(hits).not.toHaveBeenCalled();
  await vi.waitFor(() => {
    expect(world.exchanges("inbound")).toHaveLength(1);
  });
  const [event] = world.exchanges("inbound");
  expect(event?.details).toBe("rbac_access_denied_matched_policy[none]");
  expect(event?.decision?.tried[0]?.missed?.field).toContain("principals");
  expect(event?.from).toEqual({
    workload: "intruder-1",
    address: expect.stringContaining(world.workload("intruder-1").address),
    spiffe: "spiffe://cluster.local/ns/default/sa/intruder",
  });
});
