import type { Decision, RequestFacts } from "../model/decision.ts";
import type { ExtAuthzProvider } from "../model/ext-authz.ts";
import type { CompiledRule, PolicySet } from "../model/policy.ts";
import { indexRules } from "./rule-index.ts";
import { placedRules, type PlacedRule } from "./rule.ts";

/** How far a request has come among the providers: the stage to look at next, and the id of the CUSTOM rule that matched last. */
export interface CustomCursor {
  readonly stage: number;
  readonly matched: string;
}

export type CustomStep =
  /** `by`: the rule that makes the sidecar ask; its id is `rule`. */
  | {
      readonly kind: "ask";
      readonly provider: ExtAuthzProvider;
      readonly rule: string;
      readonly by: NonNullable<Decision["by"]>;
      readonly next: CustomCursor;
    }
  | { readonly kind: "refuse"; readonly decision: Decision };

/** What is to be done next about the CUSTOM policies that a request matches; undefined: nothing more. */
export type NextCustomStep<Facts = RequestFacts> = (facts: Facts, cursor: CustomCursor) => CustomStep | undefined;

export const customStart: CustomCursor = { stage: 0, matched: "" };

interface Stage<Facts> {
  readonly provider: ExtAuthzProvider | undefined;
  readonly prefix: string;
  readonly rules: readonly PlacedRule[];
  readonly first: (facts: Facts) => number;
}

/** Undefined: no CUSTOM policy applies, which costs a request nothing. */
export function bindCustom(set: PolicySet): NextCustomStep | undefined {
  return bindCustomBy(set, indexRules);
}

/** The same over anything that tells which of some rules comes first, -1 when none does. */
export function bindCustomBy<Facts>(
  set: PolicySet,
  index: (rules: readonly CompiledRule[]) => (facts: Facts) => number,
): NextCustomStep<Facts> | undefined {
  const { custom = [] } = set;
  if (custom.length === 0) return undefined;
  const stages = custom.map(({ name, provider, policies }): Stage<Facts> => {
    const rules = placedRules(set, (_policy, index) => policies.includes(index));
    const first = index(rules.map(({ source }) => source));
    return { provider, prefix: `istio-ext-authz-${name}`, rules, first };
  });
  return (facts, cursor) => {
    let { matched } = cursor;
    for (let at = cursor.stage; at < stages.length; at += 1) {
      const stage = stages[at];
      const rule = stage?.rules[stage.first(facts)];
      if (stage === undefined) break;
      if (stage.provider === undefined) {
        if (rule !== undefined) return { kind: "refuse", decision: refusedBy(rule) };
        continue;
      }
      if (rule !== undefined) matched = customRuleId(set, rule);
      // Envoy compares the beginning of the id that matched last: `p` makes it ask `p-ns` too (spec CU-5, errata security 29).
      if (!matched.startsWith(stage.prefix)) continue;
      const by = rule ?? lastRule(stages.slice(0, at), set, matched);
      const next = { stage: at + 1, matched };
      return { kind: "ask", provider: stage.provider, rule: matched, by, next };
    }
    return undefined;
  };
}

function refusedBy({ policy, rule }: PlacedRule): Decision {
  return { verdict: "deny", reason: "matched", by: { policy, rule } };
}

function customRuleId(set: PolicySet, { policy, source }: PlacedRule): string {
  return `${set.policies[policy]?.id ?? ""}-rule[${source.index}]`;
}

/** The rule of an earlier stage whose id is still the last. */
function lastRule<Facts>(stages: readonly Stage<Facts>[], set: PolicySet, id: string): NonNullable<Decision["by"]> {
  const found = stages.flatMap(({ rules }) => rules).find((rule) => customRuleId(set, rule) === id);
  return { policy: found?.policy ?? 0, rule: found?.rule ?? 0 };
}
