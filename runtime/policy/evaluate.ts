import type { RequestFacts } from "../model/decision.ts";
import type { PolicySet } from "../model/policy.ts";
import { bindRule, enforcedRules, type PlacedRule } from "./rule.ts";

export interface Evaluated extends PlacedRule {
  readonly matched: boolean;
}

/**
 * Every rule that a request is held against, one after the other, up to the one that decides: what `decide` finds by its index, the
 * plain way. For explanations; the last entry matched, or none did.
 */
export function evaluate(set: PolicySet, facts: RequestFacts): readonly Evaluated[] {
  const { denying, allowing } = enforcedRules(set);
  const evaluated: Evaluated[] = [];
  for (const placed of [...denying, ...allowing]) {
    const matched = bindRule(placed.source)(facts);
    evaluated.push({ ...placed, matched });
    if (matched) break;
  }
  return evaluated;
}
