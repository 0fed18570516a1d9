import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { compareCalls } from "../../../runtime/flips/compare.ts";
import type { Comparison, Outcome } from "../../../runtime/model/flips.ts";
import type { RecalledCalls } from "../../../runtime/model/recalled.ts";
import type { ProxySnapshot } from "../../../runtime/model/snapshot.ts";
import { exchange } from "../../support/proxy-talk.ts";
import { createProxyWorld, type ProxyWorld } from "../../support/proxy-world.ts";
import { keySet, signedToken, signingKey } from "../../support/tokens.ts";

const project = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, ports: [{name: http, port: 8080}, {name: tcp, port: 9100}]}
  authz: {run: x, port: 8000, sidecar: false}
meshConfig:
  extensionProviders: [{name: opa, envoyExtAuthzHttp: {service: authz.default.svc.cluster.local, port: 8000}}]
`;

const key = signingKey("ES256", "k");
const hour = 3600;
const expiry = Math.floor(Date.now() / 1000) + hour;
const token = (sub: string): string => signedToken(key, { iss: "https://id.example", sub, exp: expiry });

const peers = (mode: string): string => `---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: backend, namespace: default}
spec: {selector: {matchLabels: {app: backend}}, mtls: {mode: ${mode}}}
`;
const policy = (action: string, rule: string): string => `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p-${action.toLowerCase()}, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  action: ${action}${action === "CUSTOM" ? "\n  provider: {name: opa}" : ""}
  rules: [${rule}]
`;
const tokens = `---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: jwt, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  jwtRules: [{issuer: "https://id.example", jwks: '${keySet(key)}'}]
`;
const clientTls = (mode: string, more = ""): string => `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: backend, namespace: default}
spec: {host: backend.default.svc.cluster.local, trafficPolicy: {tls: {mode: ${mode}${more}}}}
`;

/** Each is saved after the one before it. */
const saves: readonly (readonly [what: string, mesh: string])[] = [
  ["a path is denied", policy("DENY", "{to: [{operation: {paths: [/a]}}]}")],
  ["only GET is allowed", policy("ALLOW", "{to: [{operation: {methods: [GET]}}]}")],
  ["only the frontend is", policy("ALLOW", "{from: [{source: {principals: [cluster.local/ns/default/sa/frontend]}}]}")],
  ["plaintext is refused", peers("STRICT")],
  ["nobody looks for TLS: callers begin none", peers("DISABLE")],
  ["plaintext has no principal", peers("DISABLE") + policy("DENY", '{from: [{source: {notPrincipals: ["*"]}}]}')],
  ["with TLS the frontend has", policy("DENY", '{from: [{source: {notPrincipals: ["*"]}}]}')],
  ["the frontend's sidecar begins no TLS under STRICT", peers("STRICT") + clientTls("DISABLE")],
  ["and begins it again", peers("STRICT") + clientTls("ISTIO_MUTUAL")],
  ["it wants another server", clientTls("ISTIO_MUTUAL", ", subjectAltNames: [spiffe://cluster.local/ns/a/sa/b]")],
  ["TLS into a port without", peers("DISABLE") + clientTls("ISTIO_MUTUAL")],
  ["a header decides", policy("DENY", "{when: [{key: 'request.headers[x-team]', values: [red]}]}")],
  [
    "what the entry makes of a header",
    policy("DENY", "{when: [{key: 'request.headers[x-forwarded-proto]', values: [https]}]}"),
  ],
  [
    "who called, as the header says",
    policy("DENY", "{when: [{key: 'request.headers[x-forwarded-client-cert]', values: ['*']}]}"),
  ],
  ["a token is verified", tokens],
  [
    "whose subject decides",
    tokens + policy("ALLOW", "{from: [{source: {requestPrincipals: [https://id.example/alice]}}]}"),
  ],
  ["and nothing does", ""],
];

let world: ProxyWorld;
let recalls = 0;
const soon = { timeout: 10_000, interval: 2 };

async function recall(): Promise<RecalledCalls> {
  const asked = ++recalls;
  world.send({ type: "recall", token: asked, limit: 1000 });
  return vi.waitFor(() => {
    const pieces = world.sent.flatMap((each) => (each.type === "recalled" && each.token === asked ? [each] : []));
    expect(pieces.at(-1)?.done).toBe(true);
    return {
      calls: pieces.flatMap(({ piece }) => piece.calls),
      connections: pieces.flatMap(({ piece }) => piece.connections),
      departures: pieces.flatMap(({ piece }) => piece.departures),
    };
  }, soon);
}

function compare(
  calls: RecalledCalls,
  before: ReadonlyMap<string, ProxySnapshot>,
  after = world.snapshots(),
  now = Date.now(),
): Comparison {
  const steps = compareCalls(calls, { generation: 1, snapshots: before }, { generation: 2, snapshots: after }, now);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Why some could not be sent again, as it seems. */
const reasons = new Map<string, string>();

/** Sends it again for real. */
async function outcomeNow(id: string): Promise<Outcome["verdict"]> {
  const asked = ++recalls;
  world.send({ type: "resend", token: asked, id });
  const outcome = await vi.waitFor(() => {
    const answer = world.sent.find((each) => each.type === "resent" && each.token === asked);
    if (answer?.type !== "resent") throw new Error("no answer yet");
    return answer.outcome;
  }, soon);
  if (!outcome.ok) {
    reasons.set(id, outcome.reason);
    return "refuse";
  }
  const seen = await vi.waitFor(() => {
    const told = world.exchanges().filter(({ requestId }) => requestId === outcome.requestId);
    const inbound = told.find(({ side }) => side === "inbound");
    // What never arrives its caller's sidecar answers by itself.
    if (inbound === undefined && !told.some(({ status }) => status === 503)) throw new Error("not told yet");
    return inbound;
  }, soon);
  // Bytes that nobody can read come to no decision.
  return seen?.decision === null || seen?.decision === undefined ? "refuse" : seen.decision.verdict;
}

const requests = [
  "GET /a?token=secret HTTP/1.1\r\nHost: backend:8080\r\nX-Team: red\r\n",
  "POST /b HTTP/1.1\r\nHost: backend:8080\r\nContent-Length: 0\r\n",
  `GET /c HTTP/1.1\r\nHost: backend:8080\r\nAuthorization: Bearer ${token("alice")}\r\n`,
  `GET /c HTTP/1.1\r\nHost: backend:8080\r\nAuthorization: Bearer ${token("bob")}\r\n`,
  "GET /d HTTP/1.1\r\nHost: backend:8080\r\nAuthorization: Bearer e30.e30.e30\r\n",
];

/** As the first of the requests. */
async function callHttp2(socket: Socket): Promise<void> {
  const session = connectHttp2("http://backend:8080", { createConnection: () => socket });
  const stream = session.request({ ":path": "/a", "x-team": "red" });
  stream.resume();
  await once(stream, "close");
  session.destroy();
}

beforeAll(async () => {
  world = await createProxyWorld({ project });
  await world.http("backend-1", 8080, (_request, response) => response.end("ok"));
  for (const request of requests) {
    const meshed = world.dial("frontend-1", "backend", 8080);
    await exchange(meshed, `${request}\r\n`);
    meshed.destroy();
    const outsider = connect(world.inbound("backend-1", 8080));
    await exchange(outsider, `${request}\r\n`);
    outsider.destroy();
  }
  for (const open of [() => world.dial("frontend-1", "backend", 8080), () => connect(world.inbound("backend-1", 8080))])
    await callHttp2(open());
});
afterAll(() => world[Symbol.asyncDispose]());

test("what a save is said to flip flips when it is sent again, and nothing else does", async () => {
  const { calls, connections, departures } = await recall();
  expect(calls).toHaveLength(2 * (requests.length + 1));
  const first: RecalledCalls = { calls, connections, departures };
  const now = new Map(calls.map(({ id }) => [id, "allow"]));
  const disagreements: string[] = [];
  let flipped = 0;
  for (const [what, mesh] of saves) {
    const before = world.snapshots();
    await world.apply(mesh);
    const { flips, excluded, compared } = compare(first, before);
    expect(excluded, what).toEqual([]);
    expect(compared).toBe(calls.length);
    for (const { id } of calls) {
      const flip = flips.find(({ ids }) => ids.includes(id));
      if (flip !== undefined) {
        flipped += 1;
        expect(flip.before.verdict, what).toBe(now.get(id));
        now.set(id, flip.after.verdict);
      }
      const real = await outcomeNow(id);
      if (real !== now.get(id))
        disagreements.push(`${what}: ${id} ${now.get(id) ?? ""} is ${real} ${reasons.get(id) ?? ""}`);
    }
  }
  expect(disagreements).toEqual([]);
  expect(flipped).toBeGreaterThan(30);
}, 60_000);

test("each side says why, and where that is written; secrets stay in the data plane", async () => {
  await world.apply(peers("STRICT"));
  const before = world.snapshots();
  await world.apply(policy("DENY", "{to: [{operation: {paths: [/a]}}]}"));
  const comparison = compare(await recall(), before);
  const meshed = comparison.flips.find(({ from }) => from.workload === "frontend-1");
  expect(meshed).toMatchObject({
    method: "GET",
    path: "/a",
    before: { verdict: "allow", decision: { reason: "no-policy" } },
    after: {
      verdict: "deny",
      decision: { by: { resource: "AuthorizationPolicy default/p-deny", file: "mesh/all.yaml", line: 8, column: 11 } },
    },
  });
  const outside = comparison.flips.find(({ from, path }) => from.workload === null && path === "/b");
  expect(outside).toMatchObject({
    before: {
      verdict: "refuse",
      reason: "plaintext under STRICT",
      because: [{ resource: "PeerAuthentication default/backend" }],
    },
    after: { verdict: "allow" },
  });
  // What is allowed from now on comes first.
  expect(comparison.flips.map(({ after }) => after.verdict === "allow")).toEqual(
    comparison.flips.map(({ after }) => after.verdict === "allow").toSorted((a, b) => Number(b) - Number(a)),
  );
  expect(JSON.stringify(comparison)).not.toMatch(/secret|eyJ/);
});

test("what somebody else decides is left out, and said so", async () => {
  await world.apply(tokens);
  const before = world.snapshots();
  await world.apply(tokens + policy("CUSTOM", "{to: [{operation: {paths: [/a]}}]}"));
  const calls = await recall();
  const { excluded, compared, flipped } = compare(calls, before);
  expect(excluded).toEqual([
    { reason: "it depends on what provider opa says", calls: expect.any(Number), ids: expect.any(Array) },
  ]);
  expect(compared + (excluded[0]?.calls ?? 0)).toBe(calls.calls.length);
  expect(flipped).toBe(0);
});

test("connections are decided by what a TCP port sees; one that was refused there too", async () => {
  await world.tcp("backend-1", 9100, (socket) => socket.on("error", () => undefined).end("ok"));
  await world.apply(peers("STRICT"));
  const begun = world.connections().length;
  const meshed = world.dial("frontend-1", "backend", 9100);
  meshed.end("hello, world");
  const outsider = connect(world.inbound("backend-1", 9100)).on("error", () => undefined);
  outsider.end("hello, world");
  const own = await vi.waitFor(() => {
    const ended = world.connections().slice(begun);
    const inbound = ended.filter(({ side, to }) => side === "inbound" && to.address.endsWith(":9100"));
    expect(inbound).toHaveLength(2);
    return inbound;
  }, soon);
  const idOf = (workload: string | null): string => own.find(({ from }) => from.workload === workload)?.id ?? "";
  const before = world.snapshots();
  const verdictsAfter = async (mesh: string): Promise<readonly (string | undefined)[]> => {
    await world.apply(mesh);
    const { flips } = compare(await recall(), before);
    return ["frontend-1", null].map((caller) => flips.find(({ ids }) => ids.includes(idOf(caller)))?.after.verdict);
  };
  expect(await verdictsAfter(peers("PERMISSIVE"))).toEqual([undefined, "allow"]);
  expect(await verdictsAfter(policy("DENY", "{to: [{operation: {ports: ['9100']}}]}"))).toEqual(["deny", "deny"]);
  expect(await verdictsAfter(policy("DENY", '{from: [{source: {notPrincipals: ["*"]}}]}'))).toEqual([
    undefined,
    "deny",
  ]);
  // TLS that the caller's sidecar begins, and nobody ends.
  expect(await verdictsAfter(peers("DISABLE") + clientTls("ISTIO_MUTUAL"))).toEqual(["refuse", "allow"]);
});

test("a handshake that failed without a certificate is decided again as its own TLS", async () => {
  await world.apply(peers("STRICT"));
  const before = world.snapshots();
  const bare = connectTls({ ...world.inbound("backend-1", 9100), rejectUnauthorized: false, ALPNProtocols: ["x"] });
  bare.on("error", () => undefined);
  const failed = await vi.waitFor(() => {
    const [event] = world.handshakes("handshake.failed").filter(({ failure }) => failure?.step === "certificate");
    if (event === undefined) throw new Error("not told yet");
    return event;
  }, soon);
  bare.destroy();
  await world.apply(peers("STRICT") + policy("DENY", "{}"));
  expect(compare(await recall(), before).flips.some(({ ids }) => ids.includes(failed.id))).toBe(false);
  await world.apply(peers("PERMISSIVE"));
  const flip = compare(await recall(), before).flips.find(({ ids }) => ids.includes(failed.id));
  expect(flip).toMatchObject({
    method: null,
    before: {
      verdict: "refuse",
      reason: "the client presented no certificate",
      because: [{ resource: "PeerAuthentication default/backend" }],
    },
    after: { verdict: "allow" },
  });
});

test("a token that has expired since is left out, and so is a caller or a server that is gone", async () => {
  await world.apply(tokens);
  const before = world.snapshots();
  await world.apply(tokens + policy("DENY", "{to: [{operation: {paths: [/a]}}]}"));
  const calls = await recall();
  const later = compare(calls, before, world.snapshots(), (expiry + 2 * hour) * 1000);
  expect(later.excluded).toEqual([
    { reason: "its token has expired since", calls: expect.any(Number), ids: expect.any(Array) },
  ]);
  expect(later.excluded[0]?.calls).toBeGreaterThanOrEqual(4);
  const without = (proxy: string): readonly string[] =>
    compare(calls, before, new Map([...before].filter(([id]) => id !== proxy))).excluded.map(({ reason }) => reason);
  expect(without("backend-1")).toEqual(["its workload is not there"]);
  expect(without("frontend-1")).toEqual(["its caller is not there any more"]);
});

test("a trust domain that is no longer the mesh's refuses its callers", async () => {
  await world.apply("");
  const before = world.snapshots();
  const bent = new Map(before);
  const backend = before.get("backend-1");
  if (backend === undefined) throw new Error("no snapshot");
  const trust = { ...backend.trust, trustDomains: ["other.example"] };
  bent.set("backend-1", { ...backend, trust, hashes: { ...backend.hashes, trust: "other" } });
  const { flips } = compare(await recall(), before, bent);
  expect(new Set(flips.map(({ from }) => from.workload))).toEqual(new Set(["frontend-1"]));
  for (const { after } of flips)
    expect(after).toMatchObject({ verdict: "refuse", reason: expect.stringContaining("trust domain") });
});
