import type { Decision, RequestFacts } from "../model/decision.ts";
import type { CompiledPolicy, PolicySet } from "../model/policy.ts";
import { factsOfFilters } from "./filter-notes.ts";
import { bindRule, placedRules, type PlacedRule } from "./rule.ts";

/** What policies that never decide say of a request. `by`: the rule that matched first in the order of ids. */
export interface Shadow {
  readonly kind: "audit" | "dry-run-deny" | "dry-run-allow";
  readonly result: "allowed" | "denied" | "audited" | "not-audited";
  readonly by: PlacedRule | undefined;
}

/**
 * AUDIT and dry-run results, as far as the request came: a filter that refuses leaves those behind it without any (spec AP-9, AP-12,
 * RA-28). For explanations; nothing of it is done on the request path.
 */
export function shadowsOf(set: PolicySet, decision: Decision, facts: RequestFacts): readonly Shadow[] {
  const decider = decision.by === undefined ? undefined : set.policies[decision.by.policy];
  // Providers and tokens come first: what they refuse reaches no further filter.
  if (decision.verdict === "deny" && decision.reason !== "no-allow-matched" && decider?.action !== "DENY") return [];
  const seen = factsOfFilters(set, facts);
  const matching = (applies: (policy: CompiledPolicy) => boolean): readonly [boolean, PlacedRule | undefined] => [
    set.policies.some(applies),
    placedRules(set, applies).find(({ policy, source }) => {
      const from = set.policies[policy];
      return bindRule(source)(from === undefined ? facts : seen(from));
    }),
  ];
  const shadows: Shadow[] = [];
  const [audits, audited] = matching(({ action }) => action === "AUDIT");
  if (audits) shadows.push({ kind: "audit", result: audited === undefined ? "not-audited" : "audited", by: audited });
  const [denies, denied] = matching(({ action, dryRun }) => dryRun && action === "DENY");
  if (denies) shadows.push({ kind: "dry-run-deny", result: denied === undefined ? "allowed" : "denied", by: denied });
  if (decider?.action === "DENY") return shadows;
  const [allows, allowed] = matching(({ action, dryRun }) => dryRun && action === "ALLOW");
  if (allows)
    shadows.push({ kind: "dry-run-allow", result: allowed === undefined ? "denied" : "allowed", by: allowed });
  return shadows;
}
