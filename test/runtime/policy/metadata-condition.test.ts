import { describe, expect, test } from "vitest";
import { bindAuthorization } from "../../../runtime/compile/authorization.ts";
import { bindPolicies } from "../../../runtime/policy/decide.ts";
import { paperMesh, paperWorkload } from "../../support/paper-mesh.ts";
import { factsOf } from "./facts.ts";

const key = "experimental.envoy.filters.http.ext_authz[risk]";

function verdict(layer: "http" | "tcp", action: string, rule: object): string {
  const backend = paperWorkload("backend", "10.244.0.3");
  const yaml = JSON.stringify({
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "a", namespace: "default" },
    spec: { action, rules: [rule] },
  });
  const set = bindAuthorization(paperMesh({ workloads: [backend], yaml }))(backend)[layer];
  return bindPolicies(set)(factsOf({ layer })).verdict;
}

// spec AP-14, AP-15, AP-50: a condition on metadata that nobody wrote is a condition still, and no HTTP-only one.
describe.each(["http", "tcp"] as const)("metadata that no filter wrote, %s", (layer) => {
  test.each([
    ["values", { values: ["high"] }, false],
    ["any value", { values: ["*"] }, false],
    ["a value in a list", { values: ["[high]"] }, false],
    ["notValues", { notValues: ["high"] }, true],
    ["no value at all", { notValues: ["*"] }, true],
    ["values and notValues", { values: ["high"], notValues: ["low"] }, false],
  ])("%s", (_name, condition, matches) => {
    const when = [{ key, ...condition }];
    expect(verdict(layer, "ALLOW", { when })).toBe(matches ? "allow" : "deny");
    expect(verdict(layer, "DENY", { when })).toBe(matches ? "deny" : "allow");
    const more = { when: [...when, { key: "destination.port", values: ["8080"] }] };
    expect(verdict(layer, "ALLOW", more)).toBe(matches ? "allow" : "deny");
    expect(verdict(layer, "DENY", more)).toBe(matches ? "deny" : "allow");
    const less = { when: [...when, { key: "destination.port", values: ["1"] }] };
    expect(verdict(layer, "ALLOW", less)).toBe("deny");
    expect(verdict(layer, "DENY", less)).toBe("allow");
  });
});
