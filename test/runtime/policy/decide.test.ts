import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bindAuthorization } from "../../../runtime/compile/authorization.ts";
import type { PolicySet } from "../../../runtime/model/policy.ts";
import { bindPolicies } from "../../../runtime/policy/decide.ts";
import { explain } from "../../../runtime/policy/explain.ts";
import { paperMesh, paperWorkload } from "../../support/paper-mesh.ts";
import { factsOf, type FactsInit } from "./facts.ts";

interface PolicyInit {
  readonly name: string;
  readonly action?: string;
  readonly rules?: readonly unknown[];
  readonly dryRun?: boolean;
  readonly namespace?: string;
}

function compiled(policies: readonly PolicyInit[]): { readonly http: PolicySet; readonly tcp: PolicySet } {
  const backend = paperWorkload("backend", "10.244.0.3");
  const yaml = policies.map((policy) =>
    JSON.stringify({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: {
        name: policy.name,
        namespace: policy.namespace ?? "default",
        ...(policy.dryRun === true ? { annotations: { "istio.io/dry-run": "true" } } : {}),
      },
      spec: {
        ...(policy.action === undefined ? {} : { action: policy.action }),
        ...(policy.rules === undefined ? {} : { rules: policy.rules }),
      },
    }),
  );
  return bindAuthorization(paperMesh({ workloads: [backend], yaml: yaml.join("\n---\n") }))(backend);
}

function verdict(policies: readonly PolicyInit[], facts: FactsInit): string {
  const { http, tcp } = compiled(policies);
  const set = facts.layer === "tcp" ? tcp : http;
  const request = factsOf(facts);
  const decision = bindPolicies(set)(request);
  const record = explain(set, decision, request);
  return `${record.verdict} ${record.by?.id ?? record.reason}`;
}

const frontend = "spiffe://cluster.local/ns/default/sa/frontend";
const fromFrontend = { from: [{ source: { principals: ["cluster.local/ns/default/sa/frontend"] } }] };
const get = { to: [{ operation: { methods: ["GET"] } }] };

describe("decide", () => {
  it.each([
    ["no policy", [], {}, "allow no-policy"],
    ["spec {} denies", [{ name: "a" }], {}, "deny no-allow-matched"],
    ["one empty rule allows", [{ name: "a", rules: [{}] }], {}, "allow ns[default]-policy[a]-rule[0]"],
    [
      "DENY beats ALLOW",
      [
        { name: "a", rules: [{}] },
        { name: "z", action: "DENY", rules: [get] },
      ],
      {},
      "deny ns[default]-policy[z]-rule[0]",
    ],
    ["only DENY, missed", [{ name: "z", action: "DENY", rules: [get] }], { method: "POST" }, "allow no-policy"],
    ["identity", [{ name: "a", rules: [fromFrontend] }], { peer: frontend }, "allow ns[default]-policy[a]-rule[0]"],
    ["plaintext has none", [{ name: "a", rules: [fromFrontend] }], {}, "deny no-allow-matched"],
    [
      "and so every negation holds",
      [{ name: "a", rules: [{ from: [{ source: { notPrincipals: ["*"] } }] }] }],
      {},
      "allow ns[default]-policy[a]-rule[0]",
    ],
    [
      "no token: requestPrincipals miss",
      [{ name: "a", rules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }] }],
      {},
      "deny no-allow-matched",
    ],
    [
      "no token: notRequestPrincipals hold",
      [{ name: "a", action: "DENY", rules: [{ from: [{ source: { notRequestPrincipals: ["*"] } }] }] }],
      {},
      "deny ns[default]-policy[a]-rule[0]",
    ],
    [
      "the first id in byte order is named",
      [{ name: "a", action: "DENY", rules: Array.from({ length: 11 }, () => get) }],
      {},
      "deny ns[default]-policy[a]-rule[0]",
    ],
    [
      "rule[10] comes before rule[1]",
      [
        {
          name: "a",
          action: "DENY",
          rules: Array.from({ length: 11 }, (_, index) =>
            index === 1 || index === 10 ? {} : { to: [{ operation: { methods: ["PUT"] } }] },
          ),
        },
      ],
      {},
      "deny ns[default]-policy[a]-rule[10]",
    ],
    ["dry-run ALLOW denies nobody", [{ name: "a", dryRun: true }], {}, "allow no-policy"],
    ["AUDIT decides nothing", [{ name: "a", action: "AUDIT", rules: [{}] }], {}, "allow no-policy"],
    ["root namespace policies count", [{ name: "a", namespace: "istio-system" }], {}, "deny no-allow-matched"],
    ["other namespaces' don't", [{ name: "a", namespace: "other" }], {}, "allow no-policy"],
    [
      "TCP: an ALLOW rule with an HTTP field is dropped whole",
      [{ name: "a", rules: [{ ...fromFrontend, ...get }] }],
      { layer: "tcp", peer: frontend },
      "deny no-allow-matched",
    ],
    [
      "TCP: a DENY rule keeps the rest",
      [{ name: "a", action: "DENY", rules: [{ to: [{ operation: { paths: ["/admin"], ports: ["8080"] } }] }] }],
      { layer: "tcp", port: 9000 },
      "allow no-policy",
    ],
    [
      "TCP: and without a rest closes the port",
      [{ name: "a", action: "DENY", rules: [{ to: [{ operation: { paths: ["/admin"] } }] }] }],
      { layer: "tcp", port: 9000 },
      "deny ns[default]-policy[a]-rule[0]",
    ],
    [
      "a header line by line",
      [{ name: "a", rules: [{ when: [{ key: "request.headers[X-A]", values: ["b"] }] }] }],
      { headers: { "x-a": ["a", "b"] } },
      "allow ns[default]-policy[a]-rule[0]",
    ],
    [
      "pseudo headers",
      [{ name: "a", rules: [{ when: [{ key: "request.headers[:path]", values: ["/x?y"] }] }] }],
      { path: "/x?y" },
      "allow ns[default]-policy[a]-rule[0]",
    ],
    [
      "paths without query",
      [{ name: "a", rules: [{ to: [{ operation: { paths: ["/x"] } }] }] }],
      { path: "/x?y" },
      "allow ns[default]-policy[a]-rule[0]",
    ],
    [
      "hosts in any case, with their port",
      [{ name: "a", rules: [{ to: [{ operation: { hosts: ["BACKEND:8080"] } }] }] }],
      {},
      "allow ns[default]-policy[a]-rule[0]",
    ],
    [
      "remote.ip is the last of X-Forwarded-For",
      [{ name: "a", rules: [{ from: [{ source: { remoteIpBlocks: ["203.0.113.0/24"] } }] }] }],
      { headers: { "x-forwarded-for": ["1.1.1.1, 203.0.113.7"] } },
      "allow ns[default]-policy[a]-rule[0]",
    ],
    [
      "unless that is no bare address",
      [{ name: "a", rules: [{ from: [{ source: { remoteIpBlocks: ["203.0.113.0/24"] } }] }] }],
      { headers: { "x-forwarded-for": ["203.0.113.7:80"] } },
      "deny no-allow-matched",
    ],
    [
      "source.ip is the peer",
      [{ name: "a", rules: [{ when: [{ key: "source.ip", values: ["10.244.0.2"] }] }] }],
      { headers: { "x-forwarded-for": ["9.9.9.9"] } },
      "allow ns[default]-policy[a]-rule[0]",
    ],
    [
      "destination and SNI",
      [
        {
          name: "a",
          rules: [
            {
              when: [
                { key: "destination.ip", values: ["10.244.0.3"] },
                { key: "destination.port", values: ["8080"] },
                { key: "connection.sni", values: ["*.local"] },
              ],
            },
          ],
        },
      ],
      { sni: "x.local" },
      "allow ns[default]-policy[a]-rule[0]",
    ],
    [
      "no SNI matches nothing",
      [{ name: "a", rules: [{ when: [{ key: "connection.sni", values: ["*"] }] }] }],
      {},
      "deny no-allow-matched",
    ],
    [
      "bare service account of the policy's namespace",
      [{ name: "a", namespace: "istio-system", rules: [{ from: [{ source: { serviceAccounts: ["frontend"] } }] }] }],
      { peer: frontend },
      "deny no-allow-matched",
    ],
  ] as const satisfies readonly (readonly [string, readonly PolicyInit[], FactsInit, string])[])(
    "%s",
    (_name, policies, facts, wanted) => {
      expect(verdict(policies, facts)).toBe(wanted);
    },
  );

  const source = fc.constantFrom<unknown>(
    {},
    fromFrontend,
    { from: [{ source: { notPrincipals: ["cluster.local/ns/default/sa/frontend"] } }] },
    { from: [{ source: { namespaces: ["default"], ipBlocks: ["10.244.0.2"] } }] },
  );
  const operation = fc.constantFrom<unknown>(
    {},
    get,
    { to: [{ operation: { paths: ["/a*"], notMethods: ["PUT"] } }, { operation: { ports: ["9000"] } }] },
    { to: [{ operation: { hosts: ["x"] } }] },
  );
  const rule = fc.tuple(source, operation).map(([a, b]) => Object.assign({}, a, b));
  const policy = fc
    .record({
      name: fc.constantFrom("a", "b", "c", "d", "e"),
      action: fc.constantFrom("ALLOW", "DENY", "AUDIT"),
      dryRun: fc.boolean(),
      rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
    })
    .map((each) => ({ ...each, dryRun: each.dryRun && each.action !== "AUDIT" }));
  const policies = fc.uniqueArray(policy, { maxLength: 4, selector: (each) => each.name });
  const request = fc.record({
    layer: fc.constantFrom("http" as const, "tcp" as const),
    peer: fc.constantFrom(undefined, frontend),
    method: fc.constantFrom("GET", "PUT"),
    path: fc.constantFrom("/a", "/b"),
    port: fc.constantFrom(8080, 9000),
  });

  it("a matching DENY always wins, and explain tells what decide did", () => {
    fc.assert(
      fc.property(policies, request, (inits, facts) => {
        const both = compiled(inits);
        const set = both[facts.layer];
        const given = factsOf(facts);
        const decision = bindPolicies(set)(given);
        const record = explain(set, decision, given);

        const denying = { ...set, policies: set.policies.filter((each) => each.action === "DENY") };
        const denied = bindPolicies(denying)(given).verdict === "deny";
        expect(decision.verdict === "deny" && decision.reason === "matched").toBe(denied);

        expect(record).toMatchObject({ verdict: decision.verdict, reason: decision.reason });
        const matched = record.tried.filter(
          (each) => each.result === "matched" && each.notAsked !== true && !each.dryRun && each.action !== "AUDIT",
        );
        expect(matched.map((each) => each.id)).toEqual(record.by === null ? [] : [record.by.id]);
        for (const each of record.tried) {
          expect(each.result === "missed").toBe(each.missed !== null);
          expect(each.result === "matched" ? each.held === each.parts : true).toBe(true);
        }
      }),
    );
  });

  it("an unrelated policy more can only add refusals when it denies", () => {
    fc.assert(
      fc.property(policies, request, rule, (inits, facts, added) => {
        const before = bindPolicies(compiled(inits)[facts.layer])(factsOf(facts));
        const after = bindPolicies(compiled([...inits, { name: "zz", action: "DENY", rules: [added] }])[facts.layer])(
          factsOf(facts),
        );
        expect(before.verdict === "deny" && after.verdict === "allow").toBe(false);
      }),
    );
  });
});
