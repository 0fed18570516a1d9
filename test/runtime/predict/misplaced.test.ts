import { describe, expect, it } from "vitest";
import { misplacedPolicies } from "../../../runtime/predict/misplaced.ts";
import { factsOfEvent } from "../../../runtime/store/event-facts.ts";
import { exchange } from "../../cli/support/synthetic.ts";
import { smallMesh } from "../../support/paper-mesh.ts";
import { factsOf } from "../policy/facts.ts";

function policy(metadata: string, selector: string, more = ""): string {
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {${metadata}}
spec:
  ${selector === "" ? "" : `selector: {matchLabels: {${selector}}}`}
  ${more}
  rules:
  - to:
    - operation: {paths: [/orders]}
`;
}

function found(yaml: string, path = "/orders"): readonly string[] {
  const mesh = smallMesh(yaml);
  const backend = mesh.workloads.find(({ id }) => id === "backend");
  if (backend === undefined) throw new Error("the mesh has a backend");
  return misplacedPolicies(mesh, backend, factsOf({ path })).map(
    ({ resource, why, line }) => `${resource} ${line}: ${why}`,
  );
}

describe("policies that would let a request in if they applied", () => {
  it("stand in another namespace, or are for another value of a label", () => {
    expect(found(policy("name: far, namespace: other", "app: backend"))).toEqual([
      "AuthorizationPolicy other/far 3: it applies in its own namespace other only, and backend is in default",
    ]);
    expect(found(policy("name: typo", "app: back-end"))).toEqual([
      "AuthorizationPolicy default/typo 5: its selector wants app: back-end, and backend has app: backend",
    ]);
  });

  it("are not told when they would not help, apply already, or are for everybody elsewhere", () => {
    expect(found(policy("name: far, namespace: other", "app: backend"), "/else")).toEqual([]);
    expect(found(policy("name: near", "app: backend"))).toEqual([]);
    expect(found(policy("name: all, namespace: other", ""))).toEqual([]);
    expect(found(policy("name: other, namespace: other", "app: shop"))).toEqual([]);
    expect(found(policy("name: deny, namespace: other", "app: backend", "action: DENY"))).toEqual([]);
  });

  it("are asked about what an event tells", () => {
    const facts = factsOfEvent(exchange(1, { method: "PUT", path: "/orders" }));
    expect([facts.layer, facts.method(), facts.path(), facts.destinationPort, facts.destinationIp]).toEqual([
      "http",
      "PUT",
      "/orders",
      8080,
      "10.244.0.4",
    ]);
    expect(facts.peer?.uriSans).toEqual(["spiffe://cluster.local/ns/default/sa/frontend"]);
  });
});
