import { describe, expect, it } from "vitest";
import { bindAuthorization } from "../../../runtime/compile/authorization.ts";
import type { Decision } from "../../../runtime/model/decision.ts";
import { bindCustom, customStart, type NextCustomStep } from "../../../runtime/policy/custom.ts";
import { explain } from "../../../runtime/policy/explain.ts";
import { paperMesh, paperService, paperWorkload } from "../../support/paper-mesh.ts";
import { factsOf } from "./facts.ts";

const backend = paperWorkload("backend", "10.244.0.3");
const several = { PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS: "true" };

const provider = (name: string, grpc = false, service = "authz.default.svc.cluster.local"): object =>
  grpc ? { name, envoyExtAuthzGrpc: { service, port: 9000 } } : { name, envoyExtAuthzHttp: { service, port: 8000 } };

function sets(
  policies: readonly (readonly [provider: string, paths: readonly string[]])[],
  providers: readonly object[],
  features: Readonly<Record<string, string>> = {},
): ReturnType<ReturnType<typeof bindAuthorization>> {
  const yaml = policies.map(([name, paths], index) =>
    JSON.stringify({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: `p${index}`, namespace: "default" },
      spec: { action: "CUSTOM", provider: { name }, rules: [{ to: [{ operation: { paths } }] }] },
    }),
  );
  const mesh = paperMesh({
    workloads: [backend, paperWorkload("authz", "10.244.0.9")],
    services: [
      paperService("authz", "10.96.0.9", [
        [8000, 8000, "http"],
        [9000, 9000, "grpc"],
      ]),
    ],
    yaml: yaml.join("\n---\n"),
    meshConfig: { extensionProviders: providers },
  });
  return bindAuthorization({ ...mesh, features })(backend);
}

/** Whom a request asks, in order, and what refuses it at last. */
function walk(next: NextCustomStep | undefined, path: string, layer: "http" | "tcp" = "http"): readonly string[] {
  const facts = factsOf(layer === "http" ? { path } : { layer });
  const told: string[] = [];
  for (let step = next?.(facts, customStart); step !== undefined; step = next?.(facts, step.next)) {
    if (step.kind === "refuse") return [...told, "refused"];
    told.push(step.provider.name);
  }
  return told;
}

describe("who is asked", () => {
  it("only those whose rules match (spec CU-2)", () => {
    const next = bindCustom(sets([["a", ["/a"]]], [provider("a")]).http);
    expect(walk(next, "/a")).toEqual(["a"]);
    expect(walk(next, "/b")).toEqual([]);
  });

  it("nobody, at no cost, where no policy says CUSTOM", () => {
    expect(bindCustom(sets([], [provider("a")]).http)).toBeUndefined();
  });

  it("two providers at one workload refuse what either matches (spec CU-3, GO-43)", () => {
    const next = bindCustom(
      sets(
        [
          ["b", ["/b"]],
          ["a", ["/a"]],
        ],
        [provider("a"), provider("b")],
      ).http,
    );
    expect(walk(next, "/a")).toEqual(["refused"]);
    expect(walk(next, "/b")).toEqual(["refused"]);
    expect(walk(next, "/c")).toEqual([]);
  });

  it("with the feature on, all that match, by name", () => {
    const next = bindCustom(
      sets(
        [
          ["b", ["/x"]],
          ["a", ["/x", "/a"]],
        ],
        [provider("b"), provider("a")],
        several,
      ).http,
    );
    expect(walk(next, "/x")).toEqual(["a", "b"]);
    expect(walk(next, "/a")).toEqual(["a"]);
  });

  it("a name that begins another's asks that one too (spec CU-5)", () => {
    const next = bindCustom(
      sets(
        [
          ["p", ["/p"]],
          ["p-ns", ["/q"]],
        ],
        [provider("p"), provider("p-ns")],
        several,
      ).http,
    );
    expect(walk(next, "/p")).toEqual(["p", "p-ns"]);
    expect(walk(next, "/q")).toEqual(["p-ns"]);
  });

  it.each([
    ["unknown", provider("other")],
    ["without a service", provider("a", false, "gone.default.svc.cluster.local")],
    ["of another kind", { name: "a", zipkin: {} }],
    ["set up wrongly", { name: "a", envoyExtAuthzHttp: { service: "authz.default.svc.cluster.local", port: 0 } }],
  ])("a provider that is %s refuses what its policies match (spec CU-4)", (_why, wrong) => {
    const { http, tcp } = sets([["a", ["/a"]]], [wrong]);
    expect(walk(bindCustom(http), "/a")).toEqual(["refused"]);
    expect(walk(bindCustom(http), "/b")).toEqual([]);
    // Without its path the rule matches every connection.
    expect(walk(bindCustom(tcp), "", "tcp")).toEqual(["refused"]);
  });

  it("on TCP a gRPC provider, and never an HTTP one (spec CU-6, GO-41)", () => {
    expect(walk(bindCustom(sets([["a", ["/a"]]], [provider("a", true)]).tcp), "", "tcp")).toEqual(["a"]);
    expect(walk(bindCustom(sets([["a", ["/a"]]], [provider("a")]).tcp), "", "tcp")).toEqual([]);
  });
});

it("a refusal for want of a provider is named as Istio names it", () => {
  const { http } = sets([["gone", ["/a"]]], []);
  const facts = factsOf({ path: "/a" });
  const step = bindCustom(http)?.(facts, customStart);
  const decision: Decision | undefined = step?.kind === "refuse" ? step.decision : undefined;
  expect(decision).toBeDefined();
  if (decision === undefined) return;
  expect(explain(http, decision, facts).details).toBe(
    "rbac_access_denied_matched_policy[istio-ext-authz-gone-ns[default]-policy[p0]-rule[0]-deny-due-to-bad-CUSTOM-action]",
  );
});
