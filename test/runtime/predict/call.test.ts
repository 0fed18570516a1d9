import { describe, expect, it } from "vitest";
import { bindPrediction, predictCall, type PredictedCall } from "../../../runtime/predict/call.ts";
import { systemClock } from "../../../runtime/core/clock.ts";
import { smallMesh } from "../../support/paper-mesh.ts";
import { keySet, signedToken, signingKey } from "../../support/tokens.ts";

const yaml = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: backend}
spec:
  selector: {matchLabels: {app: backend}}
  mtls: {mode: STRICT}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: backend-allow}
spec:
  selector: {matchLabels: {app: backend}}
  rules:
  - from: [{source: {principals: [cluster.local/ns/default/sa/frontend]}}]
    to: [{operation: {methods: [GET], paths: [/api/*]}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: backend}
spec:
  hosts: [backend]
  http:
  - match: [{uri: {prefix: /old}}]
    rewrite: {uri: /api}
    route: [{destination: {host: backend}}]
  - match: [{uri: {prefix: /hello}}]
    directResponse: {status: 200, body: {string: hi}}
  - route: [{destination: {host: backend}}]
`;

function predict(from: string, path: string, change: Partial<PredictedCall> = {}): ReturnType<typeof predictCall> {
  const call = { from, to: "backend", method: "GET", path, port: undefined, headers: [], ...change };
  return predictCall(smallMesh(yaml), call, systemClock);
}

describe("predictCall", () => {
  it("lets the right caller through, with identity and forwarded certificate", () => {
    const prediction = predict("frontend", "/api/data");
    expect(prediction).toMatchObject({
      verdict: "allow",
      summary: "200",
      decision: { by: { resource: "AuthorizationPolicy default/backend-allow", line: 14 } },
    });
    const [hit] = prediction.details.hits;
    expect(hit).toMatchObject({ workload: "backend", port: 8080, uri: "/api/data", host: "backend:8080" });
    const forwarded = hit?.headers?.find(([name]) => name === "x-forwarded-client-cert")?.[1];
    expect(forwarded).toBe(
      'By=spiffe://cluster.local/ns/default/sa/backend;Hash=<sha256>;Subject="";URI=spiffe://cluster.local/ns/default/sa/frontend',
    );
    expect(prediction.details.proxies.map((proxy) => [proxy.proxy, proxy.side, proxy.code, proxy.cluster])).toEqual([
      ["backend", "inbound", 200, "inbound|8080||"],
      ["frontend", "outbound", 200, "outbound|8080||backend.default.svc.cluster.local"],
    ]);
  });

  it("refuses others, and says which clause missed", () => {
    expect(predict("intruder.other", "/api/data", { to: "backend.default" })).toMatchObject({
      verdict: "deny",
      summary: "403 RBAC: access denied",
      decision: {
        reason: "no-allow-matched",
        tried: [{ missed: { field: "from.source.principals", actual: "cluster.local/ns/other/sa/intruder" } }],
      },
    });
  });

  it("refuses plaintext under STRICT, below policy", () => {
    for (const from of ["outside", "outsider"]) {
      const prediction = predict(from, "/api/data");
      expect(prediction).toMatchObject({
        verdict: "deny",
        decision: null,
        details: { hits: [], because: [{ resource: "PeerAuthentication default/backend", line: 6 }] },
      });
      expect(prediction.summary).toContain("closed");
    }
  });

  it("judges what a route rewrites by what the server sees", () => {
    expect(predict("frontend", "/old/data")).toMatchObject({
      verdict: "allow",
      details: { hits: [{ uri: "/api/data" }] },
    });
  });

  it("counts a route's own answer as allowed", () => {
    expect(predict("frontend", "/hello")).toMatchObject({
      verdict: "allow",
      summary: "200",
      decision: null,
      details: { hits: [] },
    });
  });

  it("normalises before it judges", () => {
    expect(predict("frontend", "/api/../secret")).toMatchObject({ verdict: "deny", details: { status: 403 } });
    expect(predict("frontend", "/api/%00")).toMatchObject({ verdict: "deny", details: { status: 400 } });
  });

  it("speaks of TCP ports too", () => {
    expect(predict("frontend", "/", { port: 9000 })).toMatchObject({
      verdict: "deny",
      decision: { tried: [{ result: "skipped" }] },
    });
  });

  it("lets no argument break out of its header", () => {
    const prediction = predict("frontend", "/api/x", { headers: [["x-a", "1\r\nx-b: 2"]] });
    expect(prediction.details.hits[0]?.headers?.some(([name]) => name === "x-b")).toBe(false);
  });

  it("says what exists when a name is unknown", () => {
    expect(() => predict("nobody", "/")).toThrow(/no service or workload nobody/);
    expect(() => predict("frontend", "/", { port: 1 })).toThrow(/with port 1/);
  });
});

describe("tokens", () => {
  const key = signingKey("ES256", "k");
  const keys = "http://keys.example/jwks";
  const jwt = `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: jwt}
spec:
  jwtRules: [{issuer: a, jwksUri: "${keys}", outputClaimToHeaders: [{header: x-sub, claim: sub}]}]
`;
  const clock = { now: () => 1_700_000_000_000 };
  const call = { from: "frontend", to: "backend", method: "GET", path: "/x", port: undefined } as const;
  const keySets = new Map([[keys, keySet(key)]]);
  const ask = (token?: string, sets?: ReadonlyMap<string, string>): ReturnType<typeof predictCall> =>
    predictCall(
      smallMesh(jwt),
      { ...call, headers: token === undefined ? [] : [["authorization", `Bearer ${token}`]] },
      clock,
      sets,
    );
  const token = signedToken(key, { iss: "a", sub: "alice", exp: 1_700_000_000 });

  it("are verified at the time of the clock, with the keys that are known", () => {
    expect(ask()).toMatchObject({ verdict: "allow", summary: "200" });
    const passed = ask(token, keySets);
    expect(passed).toMatchObject({
      verdict: "allow",
      decision: { token: { verified: true, issuer: "a", subject: "alice", location: "header authorization" } },
    });
    expect(passed.details.hits[0]?.headers).toContainEqual(["x-sub", "alice"]);
    expect(passed.details.hits[0]?.headers?.some(([name]) => name === "authorization")).toBe(false);
  });

  it("are refused without keys, and when they have run out", () => {
    const refused = ask(token);
    expect(refused).toMatchObject({
      verdict: "deny",
      summary: "401 Jwt verification fails",
      decision: { reason: "jwt", by: { file: "mesh.yaml", line: 5 } },
    });
    expect(refused.details.hits).toEqual([]);
    const old = signedToken(key, { iss: "a", exp: 1_699_999_900 });
    expect(ask(old, keySets)).toMatchObject({ verdict: "deny", summary: "401 Jwt is expired" });
  });
});

describe("the connection of a predicted call", () => {
  it("can be made past the caller's sidecar, and is refused below policy where it must", () => {
    for (const tls of ["plaintext", "no-certificate", "foreign-certificate"] as const)
      expect(predict("frontend", "/api/data", { tls })).toMatchObject({
        verdict: "deny",
        outcome: "tls-fail",
        decision: null,
      });
    expect(predict("frontend", "/api/data", { tls: "no-certificate" }).summary).toContain("certificate_required");
    expect(predict("frontend", "/api/data", { tls: "foreign-certificate" }).summary).toContain("unknown_ca");
    expect(predict("frontend", "/secret").outcome).toBe("deny");
    expect(predict("frontend", "/api/data").outcome).toBe("allow");
  });

  it("may carry something that is no request", () => {
    // What is no HTTP leaves an HTTP port in plaintext.
    expect(predict("frontend", "", { tcp: "PING\n" })).toMatchObject({ outcome: "tls-fail" });
    const sent = predict("frontend", "", { tcp: "PING\n", port: 9000 });
    expect(sent).toMatchObject({ outcome: "deny", decision: { tried: [{ result: "skipped" }] } });
    expect(sent.details.judged).toMatchObject([{ proxy: "backend", policies: { layer: "tcp" } }]);
  });
});

describe("an external authorizer that is only supposed", () => {
  const authorizers = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ask, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  action: CUSTOM
  provider: {name: opa}
  rules: [{to: [{operation: {paths: [/asked]}}]}]
`;
  const provider = { name: "opa", envoyExtAuthzHttp: { service: "frontend.default.svc.cluster.local", port: 8080 } };
  const mesh = smallMesh(authorizers, { extensionProviders: [provider] });
  const call = { from: "frontend", to: "backend", method: "GET", path: "/asked", port: undefined, headers: [] };
  const ask = (answer?: "allow" | "deny" | "unreachable"): ReturnType<typeof predictCall> =>
    bindPrediction(mesh, systemClock, { authorizers: new Map(answer === undefined ? [] : [["opa", answer]]) })(call);

  it("decides as it is told to", () => {
    expect(ask()).toMatchObject({ verdict: "depends", outcome: "allow" });
    expect(ask("allow")).toMatchObject({ verdict: "allow", outcome: "allow" });
    expect(ask("deny")).toMatchObject({ outcome: "deny", decision: { reason: "ext-authz-denied" } });
    expect(ask("unreachable")).toMatchObject({ outcome: "deny", decision: { reason: "ext-authz-error" } });
  });
});
