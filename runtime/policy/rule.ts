import type { ClauseGroup, CompiledPolicy, CompiledRule, PolicySet } from "../model/policy.ts";
import { bindClause, type FactsTest } from "./clause.ts";

/** A rule that takes part in decisions, with its place in `PolicySet.policies` and `CompiledPolicy.rules`. */
export interface PlacedRule {
  readonly policy: number;
  readonly rule: number;
  readonly source: CompiledRule;
}

export interface EnforcedRules {
  /** In the order in which they are asked; CUSTOM counts as DENY. */
  readonly denying: readonly PlacedRule[];
  readonly allowing: readonly PlacedRule[];
  /** Some ALLOW policy is there: what none of them matches is refused. */
  readonly defaultDeny: boolean;
}

/**
 * AUDIT and dry-run policies never decide (spec AP-9, AP-12). CUSTOM counts as DENY: its provider can't be asked yet, and Istio itself
 * refuses what a CUSTOM policy without a usable provider matches.
 */
export function isEnforced(policy: CompiledPolicy): boolean {
  return !policy.dryRun && policy.action !== "AUDIT";
}

export function enforcedRules(set: PolicySet): EnforcedRules {
  const denying: PlacedRule[] = [];
  const allowing: PlacedRule[] = [];
  let defaultDeny = false;
  for (const [index, policy] of set.policies.entries()) {
    if (!isEnforced(policy)) continue;
    const target = policy.action === "ALLOW" ? allowing : denying;
    if (policy.action === "ALLOW") defaultDeny = true;
    for (const [ruleIndex, source] of policy.rules.entries()) {
      if (source.dropped === undefined) target.push({ policy: index, rule: ruleIndex, source });
    }
  }
  return { denying, allowing, defaultDeny };
}

export function bindRule(rule: CompiledRule): FactsTest {
  const from = bindGroups(rule.from);
  const to = bindGroups(rule.to);
  const when = rule.when.map(bindClause);
  return (facts) => from(facts) && to(facts) && when.every((test) => test(facts));
}

function bindGroups(groups: readonly ClauseGroup[]): FactsTest {
  if (groups.length === 0) return () => true;
  const bound = groups.map((group) => group.clauses.map(bindClause));
  return (facts) => bound.some((clauses) => clauses.every((test) => test(facts)));
}
