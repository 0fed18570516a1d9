import { describe, expect, test } from "vitest";
import { bindAuthorization } from "../../../runtime/compile/authorization.ts";
import type { RequestFacts } from "../../../runtime/model/decision.ts";
import { bindPolicies, decidedFacts } from "../../../runtime/policy/decide.ts";
import { explain } from "../../../runtime/policy/explain.ts";
import { paperMesh, paperWorkload } from "../../support/paper-mesh.ts";
import { factsOf } from "./facts.ts";

/** What `experimental.envoy.filters.…` conditions see (spec AP-50); the order of filters is tried with Envoy 1.40. */

type Layer = "http" | "tcp";
const names = { http: "http", tcp: "network" } as const;

function policy(name: string, action: string, rule: object, dryRun = false): object {
  return {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name, namespace: "default", ...(dryRun ? { annotations: { "istio.io/dry-run": "true" } } : {}) },
    spec: { action, rules: [rule], ...(action === "CUSTOM" ? { provider: { name: "nobody" } } : {}) },
  };
}

const when = (key: string, ...values: readonly string[]): object => ({
  when: [{ key: `experimental.envoy.filters.${key}`, values }],
});
const on = (...ports: readonly string[]): object => ({ to: [{ operation: { ports } }] });

/** Verdict and id of the rule behind it; the explanation says the same. */
function verdict(layer: Layer, policies: readonly object[], facts: Partial<RequestFacts> = {}): string {
  const backend = paperWorkload("backend", "10.244.0.3");
  const yaml = policies.map((each) => JSON.stringify(each)).join("\n---\n");
  const set = bindAuthorization(paperMesh({ workloads: [backend], yaml }))(backend)[layer];
  const request = { ...factsOf({ layer }), ...facts };
  const decision = bindPolicies(set)(request);
  const seen = layer === "http" ? decidedFacts(request, { http: set, jwt: [] }, decision) : request;
  const told = explain(set, decision, seen);
  const [first] = told.tried;
  if (decision.by !== undefined) expect(first).toMatchObject({ id: told.by?.id, result: "matched" });
  return `${decision.verdict} ${told.by?.id ?? "-"}`;
}

describe.each(["http", "tcp"] as const)("what an authorizer noted, %s", (layer) => {
  const key = `${names[layer]}.ext_authz[risk]`;
  const noted = (value: string | readonly string[] | null): Partial<RequestFacts> => ({
    notes: new Map([[`envoy.filters.${names[layer]}.ext_authz`, new Map([["risk", value]])]]),
  });
  test.each([
    ["high", "high", true],
    ["high", "hig", false],
    ["hi*", "high", true],
    ["*gh", "high", true],
    ["*", "high", true],
    ["*", "", false],
    ["*", null, false],
    ["*", ["high"], false],
    ["high", ["high"], false],
    ["[high]", ["low", "high"], true],
    ["[hi*]", ["low", "high"], true],
    ["[*]", ["low"], true],
    ["[*]", [""], false],
    ["[*]", [], false],
    ["[high]", "high", false],
    ["[[high]]", ["high"], true],
  ])("%s of %j: %s", (value, has, matches) => {
    expect(verdict(layer, [policy("p", "DENY", when(key, value))], noted(has))).toBe(
      matches ? "deny ns[default]-policy[p]-rule[0]" : "allow -",
    );
  });

  test("another layer's notes are not seen", () => {
    const other = layer === "http" ? "network" : "http";
    expect(verdict(layer, [policy("p", "DENY", when(`${other}.ext_authz[risk]`, "*"))], noted("high"))).toBe("allow -");
  });
});

describe("what RBAC filters noted", () => {
  const dry = policy("dry", "DENY", on("8080"), true);
  const asks = (layer: Layer, note: string, value: string): object => when(`${names[layer]}.rbac[${note}]`, value);
  const result = "istio_dry_run_deny_shadow_engine_result";

  test("an HTTP filter does not see its own dry run, the one behind it does", () => {
    expect(verdict("http", [dry, policy("d", "DENY", asks("http", result, "denied"))])).toBe("allow -");
    expect(verdict("http", [dry, policy("a", "ALLOW", asks("http", result, "denied"))])).toBe(
      "allow ns[default]-policy[a]-rule[0]",
    );
    expect(verdict("http", [dry, policy("a", "ALLOW", asks("http", result, "allowed"))])).toBe("deny -");
  });

  test("on TCP it sees its own dry run", () => {
    expect(verdict("tcp", [dry, policy("d", "DENY", asks("tcp", result, "denied"))])).toBe(
      "deny ns[default]-policy[d]-rule[0]",
    );
  });

  test("AUDIT comes before DENY, and on TCP notes nothing", () => {
    const policies = (layer: Layer): readonly object[] => [
      policy("audit", "AUDIT", on("8080")),
      policy("d", "DENY", asks(layer, "enforced_effective_policy_id", "ns[default]-policy[audit]*")),
    ];
    expect(verdict("http", policies("http"))).toBe("deny ns[default]-policy[d]-rule[0]");
    expect(verdict("tcp", policies("tcp"))).toBe("allow -");
  });

  test("a provider that nobody knows leaves its note where its rules match nothing", () => {
    const policies = [
      policy("c", "CUSTOM", on("1")),
      policy("d", "DENY", asks("http", "enforced_engine_result", "allowed")),
    ];
    expect(verdict("http", policies)).toBe("deny ns[default]-policy[d]-rule[0]");
  });
});
