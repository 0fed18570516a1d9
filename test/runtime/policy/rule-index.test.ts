import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { RequestFacts } from "../../../runtime/model/decision.ts";
import type {
  Attribute,
  Clause,
  ClauseGroup,
  CompiledPolicy,
  CompiledRule,
  PolicySet,
} from "../../../runtime/model/policy.ts";
import { bindPolicies } from "../../../runtime/policy/decide.ts";
import { evaluate } from "../../../runtime/policy/evaluate.ts";
import { bindRule } from "../../../runtime/policy/rule.ts";
import { indexRules } from "../../../runtime/policy/rule-index.ts";
import { waysToFind } from "../../../runtime/policy/rule-keys.ts";
import {
  headerValue,
  hostValue,
  metadataValue,
  namespaceValue,
  pathValue,
  portValue,
  principalValue,
  serviceAccountValue,
  textValue,
  trustDomainValue,
  type ValueCompiler,
} from "../../../runtime/policy/values.ts";
import { factsOf } from "./facts.ts";

const at = { resource: "AuthorizationPolicy default/a", field: "spec", file: "a.yaml", line: 1, column: 1 };

interface Field {
  readonly attribute: Attribute;
  readonly compile: ValueCompiler;
  readonly values: readonly string[];
}

const peer: Attribute = { kind: "peer" };
/** Few values, so that they collide, nest and overlap. */
const sources: readonly Field[] = [
  {
    attribute: peer,
    compile: principalValue,
    values: [
      "cluster.local/ns/a/sa/x",
      "cluster.local/ns/b/sa/x",
      "cluster.local/ns/*",
      "cluster.local/ns/a/*",
      "*/sa/x",
      "*",
      "",
      "td/ns/ns/sa/ns",
    ],
  },
  { attribute: peer, compile: namespaceValue, values: ["a", "b", "a*", "*", "*b", "", "ns", "a/sa", "n*s"] },
  { attribute: peer, compile: serviceAccountValue("a"), values: ["x", "b/x", "a/y", "ns/ns", "/x"] },
  { attribute: peer, compile: trustDomainValue, values: ["cluster.local", "*local", "td*", "*"] },
  { attribute: { kind: "metadata", filter: "f", key: "sub" }, compile: metadataValue, values: ["x"] },
];
const operations: readonly Field[] = [
  {
    attribute: { kind: "path" },
    compile: pathValue,
    values: [
      "/",
      "/a",
      "/a/b",
      "/a*",
      "/a/*",
      "/*",
      "*",
      "*b",
      "",
      "/a/{*}",
      "/{**}",
      "/a/{**}/b",
      "/{*}/b",
      "/b/{*",
      "{*}",
    ],
  },
  { attribute: { kind: "host" }, compile: hostValue, values: ["A", "a.b", "a*", "*", "*.b", ""] },
  { attribute: { kind: "method" }, compile: textValue, values: ["GET", "P*", "*"] },
  { attribute: { kind: "destination-port" }, compile: portValue, values: ["80", "8080", "0"] },
];
const conditions: readonly Field[] = [
  ...sources,
  ...operations,
  { attribute: { kind: "header", name: "x-a" }, compile: headerValue, values: ["1", "2*", "*"] },
  { attribute: { kind: "sni" }, compile: textValue, values: ["a", "*"] },
];

function clauseOf(fields: readonly Field[]): fc.Arbitrary<Clause> {
  return fc.constantFrom(...fields).chain((field) =>
    fc.record({
      field: fc.constant("a field"),
      attribute: fc.constant(field.attribute),
      negated: fc.integer({ min: 0, max: 4 }).map((each) => each === 0),
      values: fc.constant([]),
      matchers: fc
        .array(fc.constantFrom(...field.values), { maxLength: 3 })
        .map((values) => values.flatMap((value) => field.compile(value) ?? [])),
      provenance: fc.constant(at),
    }),
  );
}

function groupsOf(fields: readonly Field[], most: number): fc.Arbitrary<readonly ClauseGroup[]> {
  const clauses = fc.array(clauseOf(fields), { maxLength: most });
  return fc.array(fc.record({ clauses, provenance: fc.constant(at) }), { maxLength: most });
}

/** With at most so many groups, clauses and conditions. */
function ruleOf(most: number): fc.Arbitrary<CompiledRule> {
  return fc.record({
    index: fc.constant(0),
    provenance: fc.constant(at),
    from: groupsOf(sources, most),
    to: groupsOf(operations, most),
    when: fc.array(clauseOf(conditions), { maxLength: most }),
    dropped: fc.constantFrom(undefined, undefined, undefined, "needs HTTP"),
  });
}

const policy: fc.Arbitrary<CompiledPolicy> = fc.record({
  id: fc.constant("ns[a]-policy[a]"),
  action: fc.constantFrom("ALLOW" as const, "DENY" as const, "AUDIT" as const),
  dryRun: fc.integer({ min: 0, max: 5 }).map((each) => each === 0),
  from: fc.constant(at),
  rules: fc.array(ruleOf(2), { maxLength: 4 }),
});
const policySet: fc.Arbitrary<PolicySet> = fc.record({
  layer: fc.constant("http" as const),
  policies: fc.array(policy, { maxLength: 30 }),
});

const name = fc.constantFrom(
  "spiffe://cluster.local/ns/a/sa/x",
  "spiffe://cluster.local/ns/b/sa/x",
  "spiffe://cluster.local/ns/a/sa/x/more",
  "spiffe://td/ns/ns/sa/ns",
  "spiffe://td/ns/ns/b/sa/x",
  "spiffe://td/ns//sa/x",
  "spiffe://cluster.local/ns/a",
  "b.example",
  "",
);
const facts = fc.record({
  uris: fc.option(fc.array(name, { minLength: 0, maxLength: 2 }), { nil: undefined }),
  path: fc.constantFrom("/", "/a", "/a/b", "/a/b?x=/a", "/ab", "/b", "/b/c/b", "", "*", "/a/b/c#d"),
  authority: fc.constantFrom("a", "A", "a.b", "a:80", "", "x.B"),
  method: fc.constantFrom("GET", "POST", "PUT"),
  port: fc.constantFrom(80, 8080, 81),
  header: fc.constantFrom([], ["1"], ["2", "1"], [""]),
});

const request = facts.map(({ uris, path, authority, method, port, header }): RequestFacts => {
  const peer = uris === undefined ? undefined : { uriSans: uris, dnsSans: ["b.example"], subject: "CN=a" };
  return {
    ...factsOf({ method, path, authority, port, headers: { "x-a": header } }),
    peer,
  };
});

test("the index finds the rule that trying all of them in order finds", () => {
  fc.assert(
    fc.property(policySet, fc.array(request, { minLength: 1, maxLength: 4 }), (set, requests) => {
      const decide = bindPolicies(set);
      for (const given of requests) {
        const last = evaluate(set, decide(given), given)
          .filter(({ asked }) => asked)
          .at(-1);
        const by = last?.matched === true ? { policy: last.policy, rule: last.rule } : undefined;
        const allows = set.policies.some((each) => each.action === "ALLOW" && !each.dryRun);
        const matched = by === undefined ? undefined : set.policies[by.policy]?.action;
        expect(decide(given)).toEqual({
          verdict: matched === undefined ? (allows ? "deny" : "allow") : matched === "ALLOW" ? "allow" : "deny",
          reason: matched === undefined ? (allows ? "no-allow-matched" : "no-policy") : "matched",
          by,
        });
      }
    }),
    { numRuns: 300 },
  );
});

test("among rules that never match, each rule is found exactly by the requests it matches", () => {
  const never = Array.from({ length: 20 }, (_, i) => ruleFor(`td/ns/never/sa/${i}`, "/never"));
  fc.assert(
    fc.property(ruleOf(1), ruleOf(2), request, (small, large, given) => {
      for (const rule of [small, large])
        expect(indexRules([...never, rule])(given)).toBe(bindRule(rule)(given) ? never.length : -1);
    }),
    { numRuns: 4000 },
  );
});

/** A rule for one principal and one path of its own, as a large mesh has them; the peer may be told in another way. */
function ruleFor(principal: string, path: string, principals: ValueCompiler = principalValue): CompiledRule {
  const clause = (attribute: Attribute, compile: ValueCompiler, value: string): Clause => ({
    field: "a field",
    attribute,
    negated: false,
    values: [value],
    matchers: compile(value) ?? [],
    provenance: at,
  });
  return {
    index: 0,
    provenance: at,
    from: [{ clauses: [clause(peer, principals, principal)], provenance: at }],
    to: [{ clauses: [clause({ kind: "path" }, pathValue, path)], provenance: at }],
    when: [],
    dropped: undefined,
  };
}

test.each<[what: string, rules: (i: number) => CompiledRule, uri: string, path: string, found: number]>([
  ["principals", (i) => ruleFor(`td/ns/n/sa/s${i}`, "/a"), "spiffe://td/ns/n/sa/s700", "/a", 700],
  ["accounts", (i) => ruleFor(`s${i}`, "/a", serviceAccountValue("n")), "spiffe://td/ns/n/sa/s700/more", "/a", 700],
  ["paths", (i) => ruleFor("td/ns/n/sa/s", `/a/${i}`), "spiffe://td/ns/n/sa/s", "/a/700", 700],
  ["prefixes of paths", (i) => ruleFor("td/ns/n/sa/s", `/a/${i}/*`), "spiffe://td/ns/n/sa/s", "/a/700/b", 700],
  ["templates", (i) => ruleFor("td/ns/n/sa/s", `/a/${i}/{*}`), "spiffe://td/ns/n/sa/s", "/a/700/b", 700],
])("of a thousand rules told apart by %s, a request meets a handful", (_what, make, uri, path, found) => {
  const rules = Array.from({ length: 1000 }, (_, i) => make(i));
  let asked = 0;
  // Every rule that is tried looks at the names or the path; the index itself does so once.
  const given = {
    ...factsOf({ path }),
    get peer() {
      asked += 1;
      return { uriSans: [uri], dnsSans: [], subject: "" };
    },
  };
  expect(indexRules(rules)(given)).toBe(found);
  expect(asked).toBeLessThan(8);
});

test("keys are given only where a match is impossible without one of them", () => {
  const rules = ruleFor("*", "*");
  expect(waysToFind(rules)).toEqual([]);
  const [group] = rules.to;
  const [clause] = group?.clauses ?? [];
  if (group === undefined || clause === undefined) throw new Error("no clause");
  const negated = {
    ...rules,
    to: [{ ...group, clauses: [{ ...clause, negated: true, matchers: pathValue("/a") ?? [] }] }],
  };
  expect(waysToFind(negated)).toEqual([]);
  const never = { ...rules, to: [{ ...group, clauses: [{ ...clause, matchers: [] }] }] };
  expect(waysToFind(never)).toEqual([[]]);
});
