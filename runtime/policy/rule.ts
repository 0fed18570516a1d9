import type { ClauseGroup, CompiledPolicy, CompiledRule, PolicySet } from "../model/policy.ts";
import { bindClause, type FactsTest } from "./clause.ts";

/** A rule that takes part in decisions, with its place in `PolicySet.policies` and `CompiledPolicy.rules`. */
export interface PlacedRule {
  readonly policy: number;
  readonly rule: number;
  readonly source: CompiledRule;
}

export interface EnforcedRules {
  /** In the order in which they are asked. */
  readonly denying: readonly PlacedRule[];
  readonly allowing: readonly PlacedRule[];
  /** Some ALLOW policy is there: what none of them matches is refused. */
  readonly defaultDeny: boolean;
}

/** AUDIT and dry-run policies never decide (spec AP-9, AP-12); CUSTOM ones leave it to their provider, or refuse when there is none. */
export function isEnforced({ action, dryRun }: CompiledPolicy): boolean {
  return !dryRun && action !== "AUDIT";
}

/** What decides when every provider of a CUSTOM policy has agreed. */
export function enforcedRules(set: PolicySet): EnforcedRules {
  return {
    denying: placedRules(set, (policy) => policy.action === "DENY" && isEnforced(policy)),
    allowing: placedRules(set, (policy) => policy.action === "ALLOW" && isEnforced(policy)),
    defaultDeny: set.policies.some((policy) => policy.action === "ALLOW" && isEnforced(policy)),
  };
}

/** The rules of some policies, in the order in which matches are named. */
export function placedRules(
  set: PolicySet,
  belongs: (policy: CompiledPolicy, index: number) => boolean,
): readonly PlacedRule[] {
  return set.policies.flatMap((policy, index) =>
    belongs(policy, index)
      ? policy.rules.flatMap((source, rule) => (source.dropped === undefined ? [{ policy: index, rule, source }] : []))
      : [],
  );
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
