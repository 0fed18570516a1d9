import * as fc from "fast-check";
import { parseAllDocuments, stringify } from "yaml";
import type { Case } from "../conformance/case.ts";
import { randomCase } from "../reference/random/case.ts";

/** Random cases with conditions on what filters note, which only a run of the whole chain can judge (spec AP-50). */

const risks = ["high", "low", "hi*", "*gh", "*", "[high]", "[*]", "[l*]", "[a]", "a", "[[b]]"];
const results = ["allowed", "denied", "*", "al*", "[allowed]"];
const ids = ["*", "ns[default]*", "*rule[0]", "istio-ext-authz-ext-authz-g*", "ns[istio-system]-policy[p0]-rule[0]"];
const values: Readonly<Record<string, readonly string[]>> = {
  "http.ext_authz[risk]": risks,
  "http.ext_authz[tags]": risks,
  "http.ext_authz[more]": risks,
  "network.ext_authz[risk]": risks,
  "http.jwt_authn[payload]": ["*", "[*]"],
  ...Object.fromEntries(
    ["http", "network"].flatMap((layer) =>
      ["istio_ext_authz_shadow", "istio_dry_run_deny_shadow", "istio_dry_run_allow_shadow", "enforced"].flatMap(
        (mode): readonly (readonly [string, readonly string[]])[] => [
          [`${layer}.rbac[${mode}_engine_result]`, results],
          [`${layer}.rbac[${mode}_effective_policy_id]`, ids],
        ],
      ),
    ),
  ),
};

const told = ["http.ext_authz[risk]", "http.ext_authz[tags]", "network.ext_authz[risk]"];
const key = fc.oneof(fc.constantFrom(...told), fc.constantFrom(...Object.keys(values)));
const condition: fc.Arbitrary<object> = key.chain((name) => {
  const some = fc.array(fc.constantFrom(...(values[name] ?? [])), { minLength: 1, maxLength: 2 });
  return fc.tuple(fc.nat({ max: 4 }), some, some).map(([form, given, other]) => ({
    key: `experimental.envoy.filters.${name}`,
    ...(form === 3 ? {} : { values: given }),
    ...(form >= 3 ? { notValues: other } : {}),
  }));
});
/** What an HTTP provider adds to a request. */
const header = fc
  .constantFrom("allowed", "denied", "*")
  .map((value) => ({ key: "request.headers[x-ext-authz-check-result]", values: [value] }));

const added = fc.record({
  place: fc.nat(),
  when: fc.oneof({ weight: 7, arbitrary: condition }, header),
});
const own = fc.record({
  action: fc.constantFrom("ALLOW", "ALLOW", "DENY", "AUDIT"),
  dryRun: fc.nat({ max: 5 }).map((each) => each === 0),
  when: fc.oneof({ weight: 3, arbitrary: condition.map((one) => [one]) }, fc.tuple(condition, condition)),
});

/** Providers that are asked about nearly everything: rules of several fields hardly ever match. */
const asking = fc.constantFrom<readonly string[]>(
  [],
  [],
  ["ext-authz-grpc"],
  ["ext-authz-http"],
  ["ext-authz-grpc", "ext-authz-http"],
);
const customRules = fc.constantFrom<readonly Rule[]>(
  [{}],
  [{ to: [{ operation: { notPaths: ["/admin*"] } }] }],
  [{ when: [{ key: "request.headers[x-role]", notValues: ["user"] }] }],
);

interface Rule {
  readonly to?: readonly object[];
  when?: readonly object[];
}

/** A case whose policies look at notes now and then: at the end of rules that look at other things too, and alone. */
export const notingCase: fc.Arbitrary<Case> = fc
  .tuple(
    randomCase,
    fc.array(added, { maxLength: 3 }),
    fc.array(own, { maxLength: 3 }),
    fc.boolean(),
    asking,
    customRules,
  )
  .map(([spec, conditions, policies, alone, providers, askedAbout]) => {
    const documents = parseAllDocuments(spec.config).map((document) => document.toJS() as Document);
    const rules = documents.flatMap(({ kind, spec: written }) =>
      kind === "AuthorizationPolicy" ? (written?.rules ?? []) : [],
    );
    for (const { place, when } of conditions) {
      const rule = rules[place % Math.max(1, rules.length)];
      if (rule !== undefined) rule.when = [...(rule.when ?? []), when];
    }
    const others = alone
      ? documents.filter(({ kind, spec: written }) => kind !== "AuthorizationPolicy" || written?.action === "CUSTOM")
      : documents;
    const more = policies.map(({ action, dryRun, when }, index) => ({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: {
        name: `noted-${index}`,
        namespace: "default",
        ...(dryRun && action !== "AUDIT" ? { annotations: { "istio.io/dry-run": "true" } } : {}),
      },
      spec: { action, rules: [{ when }] },
    }));
    const custom = providers.map((name) => ({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: `ask-${name}`, namespace: "default" },
      spec: { action: "CUSTOM", provider: { name }, rules: askedAbout },
    }));
    const features = providers.length > 1 ? { PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS: "true" } : spec.features;
    const config = [...others, ...more, ...custom]
      .map((document) => stringify(document, { singleQuote: true }))
      .join("---\n");
    return { ...spec, config, features };
  });

interface Document {
  readonly kind?: string;
  readonly spec?: { readonly action?: string; readonly rules?: readonly Rule[] };
}
