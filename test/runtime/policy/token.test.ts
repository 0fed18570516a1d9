import { describe, expect, it } from "vitest";
import { compileInbound } from "../../../runtime/compile/inbound.ts";
import { bindHttpPolicies } from "../../../runtime/policy/decide.ts";
import { explain } from "../../../runtime/policy/explain.ts";
import { bindTokens, requestScheme, tokenChallenge } from "../../../runtime/policy/token.ts";
import { paperMesh, paperWorkload } from "../../support/paper-mesh.ts";
import { factsOf, type FactsInit } from "./facts.ts";

const backend = paperWorkload("backend", "10.244.0.3");

function authentication(spec: unknown, namespace = "default", name = "jwt"): string {
  return JSON.stringify({
    apiVersion: "security.istio.io/v1",
    kind: "RequestAuthentication",
    metadata: { name, namespace },
    spec,
  });
}

function section(...documents: readonly string[]): ReturnType<typeof compileInbound> {
  return compileInbound(paperMesh({ workloads: [backend], yaml: documents.join("\n---\n") }), backend);
}

function found(rule: Readonly<Record<string, unknown>>, facts: FactsInit): string | undefined {
  const { tokens } = section(authentication({ jwtRules: [{ issuer: "a", ...rule }] }));
  const token = bindTokens(tokens)(factsOf(facts));
  return token === undefined ? undefined : `${token.kind} ${token.name}`;
}

const header = (name: string, ...values: string[]): FactsInit => ({ headers: { [name]: values } });
const preflight = { origin: ["https://a"], "access-control-request-method": ["GET"], authorization: ["Bearer x"] };
const named = { fromHeaders: [{ name: "X-Tok", prefix: "Tok " }, { name: "x-plain" }] };

describe("bindTokens", () => {
  it.each<[string, Readonly<Record<string, unknown>>, FactsInit, string | undefined]>([
    ["no token", {}, {}, undefined],
    ["bearer", {}, header("authorization", "Bearer x"), "header authorization"],
    ["prefix inside", {}, header("authorization", "X Bearer x"), "header authorization"],
    ["second line", {}, header("authorization", "Basic x", "Bearer y"), "header authorization"],
    ["lower case is none", {}, header("authorization", "bearer x"), undefined],
    ["basic is none", {}, header("authorization", "Basic x"), undefined],
    ["parameter", {}, { path: "/a?b=1&access_token=x" }, "param access_token"],
    ["empty parameter", {}, { path: "/a?access_token=" }, "param access_token"],
    ["bare parameter", {}, { path: "/a?access_token" }, "param access_token"],
    ["escaped parameter", {}, { path: "/a?access%5Ftoken=x" }, "param access_token"],
    ["other parameter", {}, { path: "/access_token=x?my_access_token=x" }, undefined],
    ["given header with prefix", named, header("x-tok", "Tok x"), "header x-tok"],
    ["given header without its prefix", named, header("x-tok", "x"), undefined],
    ["given header, no prefix", named, header("x-plain", "x"), "header x-plain"],
    ["given headers replace the default", named, header("authorization", "Bearer x"), undefined],
    ["given parameter", { fromParams: ["tok"] }, { path: "/?tok=x" }, "param tok"],
    ["given parameter replaces the default", { fromParams: ["tok"] }, { path: "/?access_token=x" }, undefined],
    ["cookie", { fromCookies: ["sid"] }, header("cookie", "a=1; sid=x"), "cookie sid"],
    ["cookie in a second line", { fromCookies: ["sid"] }, header("cookie", "a=1", "sid=x"), "cookie sid"],
    ["other cookie", { fromCookies: ["sid"] }, header("cookie", "xsid=1; a=sid"), undefined],
    ["preflight", {}, { method: "OPTIONS", headers: preflight }, undefined],
    ["preflight by GET", {}, { headers: preflight }, "header authorization"],
    [
      "preflight without origin",
      {},
      { method: "OPTIONS", headers: { ...preflight, origin: [""] } },
      "header authorization",
    ],
  ])("%s", (_name, rule, facts, expected) => {
    expect(found(rule, facts)).toBe(expected);
  });
});

describe("which policies apply", () => {
  const rules = { jwtRules: [{ issuer: "a" }] };
  it.each<[string, unknown, string, number]>([
    ["own namespace", rules, "default", 2],
    ["root namespace", rules, "istio-system", 2],
    ["selector in the root namespace", { ...rules, selector: { matchLabels: { app: "backend" } } }, "istio-system", 2],
    ["other namespace", rules, "other", 0],
    ["other selector", { ...rules, selector: { matchLabels: { app: "x" } } }, "default", 0],
    ["targets", { ...rules, targetRefs: [{ kind: "Service", name: "backend" }] }, "default", 0],
    ["no rules", {}, "default", 0],
  ])("%s", (_name, spec, namespace, count) => {
    expect(section(authentication(spec, namespace)).tokens).toHaveLength(count);
  });

  it("several together, each with its place", () => {
    const both = section(
      authentication(rules, "istio-system"),
      authentication({ jwtRules: [{ issuer: "b", ...named }] }, "default", "own"),
    );
    expect(both.tokens.map(({ name, provenance }) => [name, provenance.resource, provenance.line])).toContainEqual([
      "x-tok",
      "RequestAuthentication default/own",
      3,
    ]);
    expect(both.tokens).toHaveLength(4);
  });
});

describe("bindHttpPolicies", () => {
  const deny = JSON.stringify({
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "deny", namespace: "default" },
    spec: { action: "DENY", rules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }] },
  });
  const allowSub = JSON.stringify({
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "sub", namespace: "default" },
    spec: { rules: [{ when: [{ key: "request.headers[x-sub]", values: ["admin"] }] }] },
  });

  it("refuses a token in words, and leaves requests without one to the policies", () => {
    const inbound = section(authentication({ jwtRules: [{ issuer: "a" }] }), deny);
    const decide = bindHttpPolicies(inbound);
    expect(decide(factsOf()).verdict).toBe("allow");
    const facts = factsOf(header("authorization", "Bearer x"));
    expect(explain(inbound.http, decide(facts), facts)).toEqual({
      verdict: "deny",
      reason: "jwt-not-supported",
      by: {
        resource: "RequestAuthentication default/jwt",
        action: "JWT",
        rule: 0,
        id: "RequestAuthentication default/jwt jwtRules[0]",
        file: "mesh.yaml",
        line: 1,
        column: expect.any(Number),
      },
      details: "jwt_authn_access_denied{Jwt_verification_fails}",
      tried: [],
      note: "meshdev cannot verify tokens yet, so a request that carries one is refused",
    });
  });

  it("does not believe a caller who writes the headers of a verified token", () => {
    const rule = {
      issuer: "a",
      outputPayloadToHeader: "X-Payload",
      outputClaimToHeaders: [{ header: "X-Sub", claim: "sub" }],
    };
    const inbound = section(authentication({ jwtRules: [rule] }), allowSub);
    expect(inbound.claimHeaders).toEqual(["x-payload", "x-sub"]);
    expect(bindHttpPolicies(inbound)(factsOf(header("x-sub", "admin"))).verdict).toBe("deny");
    expect(bindHttpPolicies(section(allowSub))(factsOf(header("x-sub", "admin"))).verdict).toBe("allow");
  });
});

it("cuts only the path of the challenge", () => {
  expect(requestScheme(() => [], true)).toBe("https");
  expect(requestScheme((name) => (name === "x-forwarded-proto" ? ["http"] : []), true)).toBe("http");
  expect(tokenChallenge("http", "backend:8080", `/${"a".repeat(300)}`)).toBe(
    `Bearer realm="http://backend:8080/${"a".repeat(255)}", error="invalid_token"`,
  );
});
