import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../../runtime/compile/compile.ts";
import { hashOf, isSame } from "../../../runtime/compile/hash.ts";
import type { Mesh } from "../../../runtime/model/mesh.ts";
import { smallMesh } from "../../support/paper-mesh.ts";

const documents = [
  "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: strict, creationTimestamp: 2026-01-01T00:00:00Z}\nspec: {mtls: {mode: STRICT}}\n",
  "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: open, creationTimestamp: 2026-01-02T00:00:00Z}\nspec: {mtls: {mode: DISABLE}}\n",
  "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: allow, creationTimestamp: 2026-01-01T00:00:00Z}\nspec: {selector: {matchLabels: {app: backend}}, rules: [{from: [{source: {principals: [cluster.local/ns/default/sa/frontend]}}], to: [{operation: {methods: [GET], paths: [/api/*]}}]}]}\n",
  "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: deny, creationTimestamp: 2026-01-01T00:00:00Z}\nspec: {action: DENY, rules: [{to: [{operation: {paths: [/admin]}}]}]}\n",
  "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: mutual, creationTimestamp: 2026-01-01T00:00:00Z}\nspec: {host: backend, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}\n",
  "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: other, creationTimestamp: 2026-01-02T00:00:00Z}\nspec: {host: backend, trafficPolicy: {tls: {mode: DISABLE}}}\n",
];

function world(mesh: Mesh): { readonly ready: ReadonlySet<string> } {
  return { ready: new Set(mesh.workloads.map((workload) => workload.id)) };
}

function meaning(order: readonly string[]): unknown {
  const shuffled = smallMesh(order.join("---\n"));
  return JSON.parse(
    JSON.stringify([...compile(shuffled, world(shuffled))], (key, value: unknown) =>
      key === "line" || key === "hashes" ? 0 : value,
    ),
  );
}

describe("compile", () => {
  const mesh = smallMesh(documents.join("---\n"));

  it("gives every sidecar what the golden file says", async () => {
    const snapshots = Object.fromEntries(compile(mesh, world(mesh)));
    await expect(`${JSON.stringify(snapshots, null, 1)}\n`).toMatchFileSnapshot("../../golden/small-mesh.json");
  });

  it("gives back the same objects when nothing changed", () => {
    const first = compile(mesh, world(mesh));
    const again = compile(structuredClone(mesh), world(mesh), first);
    expect([...again.keys()]).toEqual(["frontend", "backend", "intruder.other"]);
    for (const [id, snapshot] of again) expect(snapshot).toBe(first.get(id));
  });

  it("keeps the sections that a change does not touch", () => {
    const first = compile(mesh, world(mesh));
    const less = {
      ...mesh,
      policies: {
        ...mesh.policies,
        authorizationPolicies: mesh.policies.authorizationPolicies.filter((policy) => policy.name !== "allow"),
      },
    };
    const next = compile(less, world(mesh), first);
    expect(next.get("frontend")).toBe(first.get("frontend"));
    expect(next.get("backend")).not.toBe(first.get("backend"));
    expect(next.get("backend")?.outbound).toBe(first.get("backend")?.outbound);
    expect(next.get("backend")?.hashes.inbound).not.toBe(first.get("backend")?.hashes.inbound);
    expect(next.get("backend")?.hashes.outbound).toBe(first.get("backend")?.hashes.outbound);
  });

  it("follows readiness on the way out only", () => {
    const first = compile(mesh, world(mesh));
    const next = compile(mesh, { ready: new Set(["frontend"]) }, first);
    expect(next.get("frontend")?.inbound).toBe(first.get("frontend")?.inbound);
    expect(next.get("frontend")?.hashes.outbound).not.toBe(first.get("frontend")?.hashes.outbound);
  });

  it("does not depend on the order of documents, only on their ages", () => {
    const wanted = meaning(documents);
    fc.assert(
      fc.property(fc.shuffledSubarray(documents, { minLength: documents.length }), (order) => {
        expect(meaning(order)).toEqual(wanted);
      }),
      { numRuns: 20 },
    );
  });
});

describe("hashes", () => {
  it("are equal exactly where the data is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(hashOf(structuredClone(a))).toBe(hashOf(a));
        expect(isSame(a, structuredClone(a))).toBe(true);
        expect(isSame(a, b)).toBe(hashOf(a) === hashOf(b));
      }),
    );
    expect(hashOf({ a: 1, b: 2 })).toBe(hashOf({ b: 2, a: 1 }));
  });
});
