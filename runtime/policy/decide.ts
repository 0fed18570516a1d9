import type { Decision, RequestFacts } from "../model/decision.ts";
import type { InboundSection } from "../model/snapshot.ts";
import type { ClauseGroup, CompiledPolicy, CompiledRule, PolicySet } from "../model/policy.ts";
import { bindClause, type FactsTest } from "./clause.ts";
import { bindTokens, withoutHeaders } from "./token.ts";

/** Length of one entry of `Decision.evaluation`: policy, rule, 1 when the rule matched. */
export const evaluationStride = 3;

interface BoundRule {
  readonly policy: number;
  readonly rule: number;
  readonly matches: FactsTest;
}

/** Decisions of an HTTP chain: a request that carries a token is refused before any policy, as tokens can't be verified yet. */
export function bindHttpPolicies(
  section: Pick<InboundSection, "http" | "tokens" | "claimHeaders">,
): (facts: RequestFacts) => Decision {
  const decide = bindPolicies(section.http);
  const { tokens, claimHeaders } = section;
  if (tokens.length === 0) return decide;
  const find = bindTokens(tokens);
  return (facts) => {
    const token = find(facts);
    if (token === undefined) return decide(withoutHeaders(facts, claimHeaders));
    return { verdict: "deny", reason: "jwt-not-supported", by: undefined, evaluation: [], token };
  };
}

/** Binds a policy set once; the closure decides one request (spec AP-5): refuse by DENY, else ask ALLOW, else admit. */
export function bindPolicies(set: PolicySet): (facts: RequestFacts) => Decision {
  const denying: BoundRule[] = [];
  const allowing: BoundRule[] = [];
  let defaultDeny = false;
  for (const [index, policy] of set.policies.entries()) {
    if (!isEnforced(policy)) continue;
    const target = policy.action === "ALLOW" ? allowing : denying;
    if (policy.action === "ALLOW") defaultDeny = true;
    for (const [ruleIndex, rule] of policy.rules.entries()) {
      if (rule.dropped === undefined) target.push({ policy: index, rule: ruleIndex, matches: bindRule(rule) });
    }
  }
  if (denying.length === 0 && !defaultDeny) return () => noPolicy;

  return (facts) => {
    const evaluation: number[] = [];
    for (const bound of denying) {
      if (holds(bound, facts, evaluation)) {
        return { verdict: "deny", reason: "matched", by: { policy: bound.policy, rule: bound.rule }, evaluation };
      }
    }
    for (const bound of allowing) {
      if (holds(bound, facts, evaluation)) {
        return { verdict: "allow", reason: "matched", by: { policy: bound.policy, rule: bound.rule }, evaluation };
      }
    }
    return defaultDeny
      ? { verdict: "deny", reason: "no-allow-matched", by: undefined, evaluation }
      : { verdict: "allow", reason: "no-policy", by: undefined, evaluation };
  };
}

const noPolicy: Decision = { verdict: "allow", reason: "no-policy", by: undefined, evaluation: [] };

/**
 * AUDIT and dry-run policies never decide (spec AP-9, AP-12). CUSTOM counts as DENY: its provider can't be asked yet, and Istio itself
 * refuses what a CUSTOM policy without a usable provider matches.
 */
export function isEnforced(policy: CompiledPolicy): boolean {
  return !policy.dryRun && policy.action !== "AUDIT";
}

function bindRule(rule: CompiledRule): FactsTest {
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

function holds(bound: BoundRule, facts: RequestFacts, evaluation: number[]): boolean {
  const matched = bound.matches(facts);
  evaluation.push(bound.policy, bound.rule, matched ? 1 : 0);
  return matched;
}
