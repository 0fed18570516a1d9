import { describe, expect, it } from "vitest";
import { bindAuthorization } from "../../../runtime/compile/authorization.ts";
import { bindPolicies } from "../../../runtime/policy/decide.ts";
import { explain } from "../../../runtime/policy/explain.ts";
import { paperMesh, paperWorkload } from "../../support/paper-mesh.ts";
import { factsOf } from "./facts.ts";

function policy(name: string, action: string, methods: readonly string[], dryRun = false): object {
  return {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name, namespace: "default", ...(dryRun ? { annotations: { "istio.io/dry-run": "true" } } : {}) },
    spec: { action, rules: [{ to: [{ operation: { methods } }] }] },
  };
}

/** The verdict, and what each kind of shadow says. */
function told(policies: readonly object[], method: string): readonly string[] {
  const backend = paperWorkload("backend", "10.244.0.3");
  const yaml = policies.map((each) => JSON.stringify(each)).join("\n---\n");
  const set = bindAuthorization(paperMesh({ workloads: [backend], yaml }))(backend).http;
  const request = factsOf({ method });
  const { verdict, shadow } = explain(set, bindPolicies(set)(request), request);
  return [verdict, ...(shadow ?? []).map(({ kind, result, by }) => `${kind} ${result} ${by?.id ?? "-"}`)];
}

const audit = policy("audit", "AUDIT", ["GET", "PUT"]);
const allow = policy("allow", "ALLOW", ["GET"]);
const deny = policy("deny", "DENY", ["PUT"]);

// spec AP-9, AP-12, RA-28
describe("policies that never decide", () => {
  it.each([
    ["AUDIT alone lets all through", [audit], "GET", ["allow", "audit audited ns[default]-policy[audit]-rule[0]"]],
    ["and what it misses too", [audit], "POST", ["allow", "audit not-audited -"]],
    ["it saves nobody", [audit, allow], "PUT", ["deny", "audit audited ns[default]-policy[audit]-rule[0]"]],
    ["it refuses nobody", [audit, allow], "GET", ["allow", "audit audited ns[default]-policy[audit]-rule[0]"]],
    ["it comes before DENY", [audit, deny], "PUT", ["deny", "audit audited ns[default]-policy[audit]-rule[0]"]],
    ["there is none", [allow], "GET", ["allow"]],
    [
      "each kind tells for itself",
      [audit, policy("d", "DENY", ["GET"], true), policy("a", "ALLOW", ["PUT"], true)],
      "GET",
      [
        "allow",
        "audit audited ns[default]-policy[audit]-rule[0]",
        "dry-run-deny denied ns[default]-policy[d]-rule[0]",
        "dry-run-allow denied -",
      ],
    ],
    [
      "a DENY leaves the ALLOW behind it untried",
      [deny, policy("d", "DENY", ["GET"], true), policy("a", "ALLOW", ["PUT"], true)],
      "PUT",
      ["deny", "dry-run-deny allowed -"],
    ],
  ] as const)("%s", (_name, policies, method, expected) => {
    expect(told(policies, method)).toEqual(expected);
  });
});
