import type { Decision, RequestFacts } from "../model/decision.ts";
import type { PolicySet } from "../model/policy.ts";
import { bindRule, enforcedRules, placedRules, type PlacedRule } from "./rule.ts";

export interface Evaluated extends PlacedRule {
  readonly matched: boolean;
}

/**
 * Every rule that a request is held against, one after the other, up to the one that decided: what `decide` finds by its index, the
 * plain way. For explanations. CUSTOM rules come first; one that matched and whose provider agreed is followed by others.
 */
export function evaluate(set: PolicySet, decision: Decision, facts: RequestFacts): readonly Evaluated[] {
  const { denying, allowing } = enforcedRules(set);
  const asking = (set.custom ?? []).flatMap(({ policies }) =>
    policies.flatMap((policy) => placedRules(set, (_each, index) => index === policy)),
  );
  const evaluated: Evaluated[] = [];
  for (const placed of [...asking, ...denying, ...allowing]) {
    const matched = bindRule(placed.source)(facts);
    evaluated.push({ ...placed, matched });
    if (matched && decision.by?.policy === placed.policy && decision.by.rule === placed.rule) break;
  }
  return evaluated;
}
