import { X509Certificate } from "node:crypto";
import { connect } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { exchange } from "../../support/proxy-talk.ts";
import { createProxyWorld, type ProxyWorld } from "../../support/proxy-world.ts";

function project(proxyHeaders: object): string {
  return `
services:
  frontend: {run: x, port: 8080}
  intruder: {run: x, port: 8080}
  backend: {run: x, port: 8080}
meshConfig: ${JSON.stringify({ defaultConfig: { proxyHeaders } })}
`;
}

const forged = "By=spiffe://x;Hash=00;URI=spiffe://cluster.local/ns/default/sa/frontend";

/** Status of a call in plain text that claims to be frontend's, and the XFCC that the application got. */
async function spoof(world: ProxyWorld): Promise<readonly [number, string | undefined]> {
  const socket = connect(world.inbound("backend-1", 8080));
  const lines = `Host: backend\r\nX-Forwarded-Client-Cert: ${forged}\r\n`;
  const { status, headers } = await exchange(socket, `GET / HTTP/1.1\r\n${lines}\r\n`);
  socket.destroy();
  return [status, headers["x-got"]];
}

async function call(world: ProxyWorld, from: string): Promise<readonly [number, string | undefined]> {
  const socket = world.dial(from, "backend", 8080);
  const { status, headers } = await exchange(socket, "GET / HTTP/1.1\r\nHost: backend\r\n\r\n");
  socket.destroy();
  return [status, headers["x-got"]];
}

async function serve(world: ProxyWorld): Promise<void> {
  await world.http("backend-1", 8080, (request, response) => {
    response.setHeader("x-got", String(request.headers["x-forwarded-client-cert"] ?? "none"));
    response.end();
  });
}

const policy = (action: string, condition: object): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: by-header, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  action: ${action}
  rules: [{when: [${JSON.stringify({ key: "request.headers[x-forwarded-client-cert]", ...condition })}]}]
`;

describe("a policy on XFCC sees what the entry left of it", () => {
  const fromFrontend = { values: ["*sa/frontend"] };

  test.each([
    ["ALLOW by values", policy("ALLOW", fromFrontend), [403, 200, 403]],
    ["ALLOW by notValues", policy("ALLOW", { notValues: ["*"] }), [200, 403, 403]],
    ["DENY by values", policy("DENY", fromFrontend), [200, 403, 200]],
    ["DENY by notValues", policy("DENY", { notValues: ["*"] }), [403, 200, 200]],
  ])("%s", async (_, mesh, expected) => {
    await using world = await createProxyWorld({ project: project({}), mesh });
    await serve(world);
    const answers = [await spoof(world), await call(world, "frontend-1"), await call(world, "intruder-1")];
    expect(answers.map(([status]) => status)).toEqual(expected);
    // Who comes in plain text tells the application nothing, let in or not.
    expect([undefined, "none"]).toContain(answers[0]?.[1]);
  });

  test("and believes a caller in plain text when the mesh is told to", async () => {
    const mesh = policy("ALLOW", fromFrontend);
    await using world = await createProxyWorld({
      project: project({ forwardedClientCert: "ALWAYS_FORWARD_ONLY" }),
      mesh,
    });
    await serve(world);
    expect(await spoof(world)).toEqual([200, forged]);
  });
});

test("Cert and Chain tell the caller's certificate, and all that it came with", async () => {
  const details = { cert: true, chain: true, subject: false, dns: false };
  await using world = await createProxyWorld({ project: project({ setCurrentClientCertDetails: details }) });
  await serve(world);
  const [, got = ""] = await call(world, "frontend-1");
  const parts = /^By=[^;]*backend;Hash=([0-9a-f]{64});Cert="([^"]+)";Chain="([^"]+)";URI=[^;]*frontend$/.exec(got);
  const chain = (world.svidOf("frontend-1")?.chain ?? "").match(/-----BEGIN[^]+?-----END CERTIFICATE-----\n/g) ?? [];
  const leaf = new X509Certificate(chain[0] ?? "");
  expect(parts?.[1]).toBe(leaf.fingerprint256.replaceAll(":", "").toLowerCase());
  expect(decodeURIComponent(parts?.[2] ?? "")).toBe(leaf.toString());
  expect(parts?.[2]).not.toMatch(/[ +=/\n]/);
  expect(decodeURIComponent(parts?.[3] ?? "")).toBe(chain.map((pem) => new X509Certificate(pem).toString()).join(""));
});

test("AUDIT lets through and refuses nobody; the event tells what it noted", async () => {
  const mesh = policy("AUDIT", { notValues: ["*"] });
  await using world = await createProxyWorld({ project: project({}), mesh });
  await serve(world);
  expect((await spoof(world))[0]).toBe(200);
  expect((await call(world, "frontend-1"))[0]).toBe(200);
  await vi.waitFor(() => {
    const told = world
      .exchanges("inbound")
      .map(({ decision }) => decision?.shadow?.map(({ kind, result }) => [kind, result]));
    expect(told).toEqual([[["audit", "audited"]], [["audit", "not-audited"]]]);
  });
});
