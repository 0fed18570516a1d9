import { describe, expect, it } from "vitest";
import { type AccessClasses, classesOf, outcomesOf } from "../../../runtime/access/classes.ts";
import { partition } from "../../../runtime/access/partition.ts";
import { guardedPort, layersOf, surroundingsOf } from "../../../runtime/access/ports.ts";
import { seenBy, targetOf } from "../../../runtime/access/sample.ts";
import { compile } from "../../../runtime/compile/compile.ts";
import { smallMesh } from "../../support/paper-mesh.ts";

function classes(yaml: string, port = 8080): AccessClasses {
  const snapshots = compile(smallMesh(yaml), { ready: new Set() });
  const snapshot = snapshots.get("backend");
  if (snapshot === undefined) throw new Error("no backend");
  const guarded = guardedPort(snapshot, port);
  const [layer = "http"] = layersOf(guarded.listener);
  return classesOf(partition([guarded], layer, surroundingsOf([...snapshots.values()], snapshot, guarded.listener)));
}

function lines({ classes: list }: AccessClasses): readonly string[] {
  return list.map(({ conditions, outcomes }) =>
    [
      outcomes.map(({ verdict, reason }) => `${verdict} ${reason}`).join(),
      ...conditions.map(({ dimension, text }) => `${dimension}: ${text}`),
    ].join(" | "),
  );
}

function policy(name: string, spec: string): string {
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ${name}}
spec: ${spec}
---
`;
}

const strict = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: backend}
spec: {mtls: {mode: STRICT}}
---
`;

const tokens = `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens}
spec: {jwtRules: [{issuer: https://issuer.example, jwks: '{"keys": []}', audiences: [api]}]}
---
`;

describe("targetOf", () => {
  it("writes a path so that it survives normalisation", () => {
    const { sides } = classes("").partition;
    const target = (path: string): unknown => sides.map((port) => targetOf(path, port));
    expect([target("/a/b"), target("/a/.;x"), target("/a/../b")]).toEqual([["/a/b"], ["/a/%2e;x"], [undefined]]);
  });
});

describe("seenBy", () => {
  it("has claims of several words as lists, as policies see them", () => {
    const [port] = classes(tokens).partition.sides;
    const [base] = classes(tokens).classes.flatMap(({ witness }) => witness ?? []);
    if (port === undefined || base === undefined) throw new Error("no port");
    const claims = { iss: "https://issuer.example", aud: "api", scope: "read write", role: "a b" };
    const { facts } = seenBy(port, { ...base, token: { kind: "accepted", claims } });
    expect(facts.claims).toEqual({ ...claims, scope: ["read", "write"] });
  });
});

describe("classesOf", () => {
  it("has one class where no policy tells anything apart", () => {
    expect(lines(classes(""))).toEqual(["allow no-policy"]);
  });

  it("tells callers, methods and paths apart, with a request for each", () => {
    const found = classes(
      strict +
        policy("deny", "{action: DENY, rules: [{to: [{operation: {paths: [/api/admin]}}]}]}") +
        policy(
          "allow",
          "{rules: [{from: [{source: {namespaces: [default], notPrincipals: [cluster.local/ns/default/sa/frontend]}}], to: [{operation: {methods: [GET, HEAD], paths: [/api/*]}}]}]}",
        ),
    );
    expect(lines(found)).toEqual([
      "deny tls | caller: plaintext",
      "deny no-allow-matched | caller: any identity but (ns default but not cluster.local/ns/default/sa/frontend) | path: any but /api/admin",
      "deny matched | caller: any identity but (ns default but not cluster.local/ns/default/sa/frontend) | path: /api/admin",
      "deny no-allow-matched | caller: ns default but not cluster.local/ns/default/sa/frontend | method: any but GET, HEAD | path: any but /api/admin",
      "deny matched | caller: ns default but not cluster.local/ns/default/sa/frontend | method: any but GET, HEAD | path: /api/admin",
      "deny no-allow-matched | caller: ns default but not cluster.local/ns/default/sa/frontend | method: GET, HEAD | path: any but /api/*",
      "allow matched | caller: ns default but not cluster.local/ns/default/sa/frontend | method: GET, HEAD | path: /api/* but not /api/admin",
      "deny matched | caller: ns default but not cluster.local/ns/default/sa/frontend | method: GET, HEAD | path: /api/admin",
    ]);
  });

  it("knows what a refused token and one of another subject mean", () => {
    const found = classes(tokens + policy("allow", "{rules: [{from: [{source: {requestPrincipals: ['*/admin']}}]}]}"));
    expect(lines(found)).toEqual([
      "deny no-allow-matched | token: any but a token that is refused, principal */admin",
      "deny token | token: a token that is refused",
      "allow matched | token: principal */admin",
    ]);
    expect(found.classes[2]?.witness?.token).toEqual({
      kind: "accepted",
      claims: { iss: "https://issuer.example", sub: "admin", aud: "api" },
    });
  });

  it("follows lists of claims and lines of headers", () => {
    const found = classes(
      tokens +
        policy("deny", "{action: DENY, rules: [{when: [{key: 'request.auth.claims[groups]', values: [bad]}]}]}") +
        policy("allow", "{rules: [{when: [{key: 'request.auth.claims[groups]', values: [dev]}]}]}"),
    );
    const denied = found.classes.find(({ conditions }) => conditions.some(({ text }) => text === "bad"));
    expect(denied?.outcomes[0]?.verdict).toBe("deny");
    expect(lines(found)).toContain("allow matched | token: an accepted token | claim groups: dev but not bad");
  });

  it("takes a header that a token fills from its claim, whatever callers write", () => {
    const found = classes(
      tokens.replace("audiences: [api]", "outputClaimToHeaders: [{header: x-role, claim: role}]") +
        policy("allow", "{rules: [{when: [{key: 'request.headers[x-role]', values: [admin]}]}]}"),
    );
    const allowed = found.classes.filter(({ outcomes }) => outcomes[0]?.verdict === "allow");
    expect(allowed.map(({ witness }) => witness?.token)).toEqual([
      { kind: "accepted", claims: { iss: "https://issuer.example", sub: "alice", role: "admin" } },
    ]);
    expect(allowed[0]?.witness).toBeDefined();
    const forged = { ...found.partition.base, headers: { "x-role": ["admin"] } };
    expect(allowed[0]?.has(forged)).toBe(false);
  });

  it("refuses what asks for an authorizer that nobody knows", () => {
    expect(
      lines(
        classes(
          policy("ask", "{action: CUSTOM, provider: {name: nobody}, rules: [{to: [{operation: {paths: [/x]}}]}]}"),
        ),
      ),
    ).toEqual(["allow no-policy | path: any but /x", "deny matched | path: /x"]);
  });

  it("draws members of each class", () => {
    const found = classes(
      policy("deny", "{action: DENY, rules: [{to: [{operation: {paths: ['/a/{*}/b', '/store/*', '*.css']}}]}]}") +
        policy(
          "allow",
          "{rules: [{from: [{source: {ipBlocks: [10.244.0.0/30], namespaces: [default]}}], to: [{operation: {methods: [GET], hosts: ['*.example.com', backend]}}], when: [{key: 'request.headers[x-a]', notValues: [b]}]}]}",
        ),
    );
    let state = 1;
    const random = (): number => {
      state = (state * 16_807) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    expect(found.classes.length).toBeGreaterThan(6);
    for (const each of found.classes) {
      for (const sample of [each.witness, ...Array.from({ length: 10 }, () => each.draw(random))]) {
        if (sample === undefined) throw new Error(`no member of ${JSON.stringify(each.conditions)}`);
        const seen = found.partition.sides.map((port) => seenBy(port, sample));
        expect(outcomesOf(found.partition, seen)).toEqual(each.outcomes);
      }
    }
  });

  it("names single values of a clause", () => {
    const found = classes(
      strict +
        policy("deny", "{action: DENY, rules: [{from: [{source: {principals: [cluster.local/ns/default/sa/b]}}]}]}") +
        policy(
          "allow",
          "{rules: [{from: [{source: {principals: [cluster.local/ns/default/sa/a, cluster.local/ns/default/sa/b, cluster.local/ns/default/sa/c]}}]}]}",
        ),
    );
    expect(lines(found)).toEqual([
      "deny tls | caller: plaintext",
      "deny no-allow-matched | caller: any identity but cluster.local/ns/default/sa/b, cluster.local/ns/default/sa/a, cluster.local/ns/default/sa/c",
      "allow matched | caller: cluster.local/ns/default/sa/a, cluster.local/ns/default/sa/c",
      "deny matched | caller: cluster.local/ns/default/sa/b",
    ]);
  });

  it("sees connections on TCP ports", () => {
    expect(
      lines(
        classes(
          policy("allow", "{rules: [{from: [{source: {principals: ['*']}}], to: [{operation: {ports: ['9000']}}]}]}"),
          9000,
        ),
      ),
    ).toEqual(["deny no-allow-matched | caller: plaintext", "allow matched | caller: any identity"]);
  });
});
