import type { Decision, RequestFacts } from "../model/decision.ts";
import type { PolicySet } from "../model/policy.ts";
import { factsOfFilters } from "./filter-notes.ts";
import { enforcedRules, placedRules, type PlacedRule } from "./rule.ts";
import { distanceOf, tryParts } from "./tried-parts.ts";

export interface Evaluated extends PlacedRule {
  readonly matched: boolean;
  /** False: it was decided before. */
  readonly asked: boolean;
}

/**
 * Every rule that a request is held against, one after the other: what `decide` finds by its index, the plain way. For explanations.
 * CUSTOM rules come first; one that matched and whose provider agreed is followed by others. What comes behind the rule that decided
 * is told of refusals only: whoever was let in asks for no more.
 */
export function evaluate(set: PolicySet, decision: Decision, facts: RequestFacts): readonly Evaluated[] {
  const { denying, allowing } = enforcedRules(set);
  const asking = (set.custom ?? []).flatMap(({ policies }) =>
    policies.flatMap((policy) => placedRules(set, (_each, index) => index === policy)),
  );
  const seen = factsOfFilters(set, facts);
  const evaluated: Evaluated[] = [];
  let asked = true;
  for (const placed of [...asking, ...denying, ...allowing]) {
    const policy = set.policies[placed.policy];
    const matched = distanceOf(tryParts(placed.source, policy === undefined ? facts : seen(policy))) === 0;
    evaluated.push({ ...placed, matched, asked });
    if (!matched || decision.by?.policy !== placed.policy || decision.by.rule !== placed.rule) continue;
    if (decision.verdict === "allow") break;
    asked = false;
  }
  return evaluated;
}
