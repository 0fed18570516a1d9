import type { Decision, RequestFacts } from "../model/decision.ts";
import type { ExtAuthzProvider } from "../model/ext-authz.ts";
import type { CustomCursor, FilterNotes } from "../model/filter-notes.ts";
import type { CompiledRule, PolicySet } from "../model/policy.ts";
import { readsRbacNotes, withRbacNotes } from "./rbac-notes.ts";
import { indexRules } from "./rule-index.ts";
import { placedRules, type PlacedRule } from "./rule.ts";

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

export const customStart: CustomCursor = { stage: 0, matched: "", noted: new Map() };

interface Stage<Facts> {
  readonly provider: ExtAuthzProvider | undefined;
  readonly prefix: string;
  readonly rules: readonly PlacedRule[];
  readonly first: (facts: Facts) => number;
}

/** Undefined: no CUSTOM policy applies, which costs a request nothing. */
export function bindCustom(set: PolicySet): NextCustomStep | undefined {
  return bindCustomBy(set, indexRules, readsRbacNotes(set) ? withRbacNotes : undefined);
}

/** The same over anything that tells which of some rules comes first, -1 when none does. `withNotes`: how it is told what filters noted. */
export function bindCustomBy<Facts>(
  set: PolicySet,
  index: (rules: readonly CompiledRule[]) => (facts: Facts) => number,
  withNotes?: (facts: Facts, noted: FilterNotes) => Facts,
): NextCustomStep<Facts> | undefined {
  const { custom = [] } = set;
  if (custom.length === 0) return undefined;
  const stages = bindStages(set, index);
  return (facts, cursor) => {
    let { matched, noted } = cursor;
    for (let at = cursor.stage; at < stages.length; at += 1) {
      const stage = stages[at];
      const rule = stage?.rules[stage.first(withNotes?.(facts, noted) ?? facts)];
      if (stage === undefined) break;
      if (stage.provider === undefined) {
        if (rule !== undefined) return { kind: "refuse", decision: refusedBy(rule) };
        if (withNotes !== undefined) noted = passedOver(set, noted);
        continue;
      }
      if (rule !== undefined) matched = customRuleId(set, rule);
      if (withNotes !== undefined) noted = shadowed(noted, rule !== undefined, matched);
      // Envoy compares the beginning of the id that matched last: `p` makes it ask `p-ns` too (spec CU-5, errata security 29).
      if (!matched.startsWith(stage.prefix)) continue;
      const by = rule ?? lastRule(stages.slice(0, at), set, matched);
      const next = { stage: at + 1, matched, noted };
      return { kind: "ask", provider: stage.provider, rule: matched, by, next };
    }
    return undefined;
  };
}

/**
 * Facts with what the filters of CUSTOM policies noted, once all of them have let the request pass: those behind the last provider that
 * was asked are gone through again. Undefined: no policy reads it.
 */
export function bindCustomNotes(set: PolicySet): ((facts: RequestFacts) => RequestFacts) | undefined {
  if ((set.custom ?? []).length === 0 || !readsRbacNotes(set)) return undefined;
  const stages = bindStages(set, indexRules);
  return (facts) => {
    let { stage: from, matched, noted } = facts.asked ?? customStart;
    for (const { provider, rules, first } of stages.slice(from)) {
      const rule = rules[first(withRbacNotes(facts, noted))];
      if (provider === undefined) noted = passedOver(set, noted);
      else {
        if (rule !== undefined) matched = customRuleId(set, rule);
        noted = shadowed(noted, rule !== undefined, matched);
      }
    }
    return withRbacNotes(facts, noted);
  };
}

function bindStages<Facts>(
  set: PolicySet,
  index: (rules: readonly CompiledRule[]) => (facts: Facts) => number,
): readonly Stage<Facts>[] {
  return (set.custom ?? []).map(({ name, provider, policies }): Stage<Facts> => {
    const rules = placedRules(set, (_policy, at) => policies.includes(at));
    const first = index(rules.map(({ source }) => source));
    return { provider, prefix: `istio-ext-authz-${name}`, rules, first };
  });
}

/** Of the shadow rules before a provider. The id stays that of the last match. */
function shadowed(before: CustomCursor["noted"], matches: boolean, matched: string): CustomCursor["noted"] {
  const notes = new Map(before).set("istio_ext_authz_shadow_engine_result", matches ? "denied" : "allowed");
  return matched === "" ? notes : notes.set("istio_ext_authz_shadow_effective_policy_id", matched);
}

/** Of rules that refuse what nobody can be asked about, when they match nothing; on TCP enforced rules note nothing. */
function passedOver({ layer }: PolicySet, before: CustomCursor["noted"]): CustomCursor["noted"] {
  return layer === "tcp" ? before : new Map(before).set("enforced_engine_result", "allowed");
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
