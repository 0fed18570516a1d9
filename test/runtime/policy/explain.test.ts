import { describe, expect, it } from "vitest";
import { bindAuthorization } from "../../../runtime/compile/authorization.ts";
import type { DecisionRecord } from "../../../runtime/model/decision.ts";
import { bindPolicies } from "../../../runtime/policy/decide.ts";
import { explain } from "../../../runtime/policy/explain.ts";
import { paperMesh, paperWorkload } from "../../support/paper-mesh.ts";
import { factsOf, type FactsInit } from "./facts.ts";

const yaml = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: allow}
spec:
  rules:
  - from:
    - source:
        principals: [cluster.local/ns/default/sa/frontend]
    to:
    - operation:
        methods: [GET]
        paths: [/api/*]
  - from:
    - source:
        namespaces: [shop]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: shadow, annotations: {istio.io/dry-run: 'true'}}
spec:
  action: DENY
  rules:
  - to:
    - operation: {methods: [POST]}
`;

function told(layer: "http" | "tcp", facts: FactsInit): DecisionRecord {
  const backend = paperWorkload("backend", "10.244.0.3");
  const set = bindAuthorization(paperMesh({ workloads: [backend], yaml }))(backend)[layer];
  const request = factsOf({ ...facts, layer });
  return explain(set, bindPolicies(set)(request), request);
}

describe("explain", () => {
  it("names the clause that missed, nearest rule first, with its place in the file", () => {
    const record = told("http", {
      peer: "spiffe://cluster.local/ns/default/sa/frontend",
      method: "POST",
      path: "/api/x",
    });
    expect(record).toMatchObject({
      verdict: "deny",
      reason: "no-allow-matched",
      by: null,
      details: "rbac_access_denied_matched_policy[none]",
      note: null,
    });
    expect(record.tried.map((each) => [each.id, each.result, each.dryRun])).toEqual([
      ["ns[default]-policy[shadow]-rule[0]", "matched", true],
      ["ns[default]-policy[allow]-rule[0]", "missed", false],
      ["ns[default]-policy[allow]-rule[1]", "missed", false],
    ]);
    expect(record.tried[1]).toMatchObject({
      held: 1,
      parts: 2,
      missed: { field: "to.operation.methods", wanted: ["GET"], actual: "POST", file: "mesh.yaml", line: 11 },
    });
    expect(record.tried[2]).toMatchObject({
      held: 0,
      parts: 1,
      missed: { field: "from.source.namespaces", wanted: ["shop"], actual: "default" },
    });
  });

  it("names the rule that let a request through", () => {
    const record = told("http", { peer: "spiffe://cluster.local/ns/default/sa/frontend", path: "/api/x" });
    expect(record).toMatchObject({
      verdict: "allow",
      details: null,
      by: { resource: "AuthorizationPolicy default/allow", rule: 0, line: 6 },
    });
  });

  it("tells the nearest rules clause by clause, what held too", () => {
    const record = told("http", {
      peer: "spiffe://cluster.local/ns/default/sa/frontend",
      method: "POST",
      path: "/api/x",
    });
    const [, allow] = record.tried;
    const failing = allow?.clauses?.filter(({ held }) => !held);
    expect(failing).toEqual([{ ...allow?.missed, held: false }]);
    expect(allow?.clauses?.filter(({ held }) => held)).toMatchObject([
      { field: "from.source.principals", actual: "cluster.local/ns/default/sa/frontend" },
      ...(allow?.clauses ?? []).slice(2).map(() => ({ held: true })),
    ]);
    const allowed = told("http", { peer: "spiffe://cluster.local/ns/default/sa/frontend", path: "/api/x" });
    const deciding = allowed.tried.find((each) => each.result === "matched" && !each.dryRun);
    expect(deciding?.clauses?.every(({ held }) => held)).toBe(true);
    expect(deciding?.clauses?.length).toBeGreaterThan(1);
  });

  it("says that a plaintext caller has no identity", () => {
    const record = told("http", { path: "/api/x" });
    expect(record.note).toContain("plaintext");
    expect(record.tried.find((each) => each.rule === 0 && !each.dryRun)?.missed).toMatchObject({
      field: "from.source.principals",
      actual: null,
    });
  });

  it("says why a rule does not count on TCP", () => {
    const record = told("tcp", { peer: "spiffe://cluster.local/ns/shop/sa/x" });
    expect(record).toMatchObject({ verdict: "allow", by: { rule: 1 } });
    expect(record.tried.find((each) => each.result === "skipped")).toMatchObject({
      rule: 0,
      skipped: expect.stringContaining("HTTP"),
    });
  });
});
