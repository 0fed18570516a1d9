import { bindAuthorization } from "../compile/authorization.ts";
import { compileRule } from "../compile/rule.ts";
import type { RequestFacts } from "../model/decision.ts";
import type { AuthorizationPolicy, AuthorizationRule } from "../model/istio-security.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import type { CompiledPolicy, CompiledRule, PolicySet } from "../model/policy.ts";
import { bindClause, type FactsTest } from "../policy/clause.ts";
import { bindPolicies } from "../policy/decide.ts";
import { bindRule, enforcedRules, isEnforced } from "../policy/rule.ts";

/** A rule of a policy as it is written and as it is compiled. */
export interface RuleAt {
  readonly policy: AuthorizationPolicy;
  readonly compiled: CompiledPolicy;
  readonly rule: CompiledRule;
}

/** What stands between a request and its program, and what could let it pass. */
export interface Standing {
  readonly mesh: Mesh;
  readonly workload: Workload;
  readonly facts: RequestFacts;
  /** DENY rules that match: each of them has to go. */
  readonly denying: readonly RuleAt[];
  /** No ALLOW rule matches, and there are some: one of them has to. */
  readonly needsAllow: boolean;
  readonly allowing: readonly RuleAt[];
  /** ALLOW policies in force, also those without rules. */
  readonly allowPolicies: readonly AuthorizationPolicy[];
}

export function policySetOf(mesh: Mesh, workload: Workload, { layer }: RequestFacts): PolicySet {
  return bindAuthorization(mesh)(workload)[layer];
}

/** Whether DENY and ALLOW policies let a request pass. */
export function isAllowed(mesh: Mesh, workload: Workload, facts: RequestFacts): boolean {
  return bindPolicies(policySetOf(mesh, workload, facts))(facts).verdict === "allow";
}

export function standingOf(mesh: Mesh, workload: Workload, facts: RequestFacts): Standing {
  const set = policySetOf(mesh, workload, facts);
  const { denying, allowing, defaultDeny } = enforcedRules(set);
  const sourceOf = ({ from }: CompiledPolicy): AuthorizationPolicy | undefined =>
    mesh.policies.authorizationPolicies.find((each) => `${each.kind} ${each.namespace}/${each.name}` === from.resource);
  const placed = (rules: typeof denying): readonly RuleAt[] =>
    rules.flatMap((each): readonly RuleAt[] => {
      const compiled = set.policies[each.policy];
      const policy = compiled === undefined ? undefined : sourceOf(compiled);
      return compiled === undefined || policy === undefined ? [] : [{ policy, compiled, rule: each.source }];
    });
  const matches = ({ rule }: RuleAt): boolean => bindRule(rule)(facts);
  const allow = placed(allowing);
  return {
    mesh,
    workload,
    facts,
    denying: placed(denying).filter(matches),
    needsAllow: defaultDeny && !allow.some(matches),
    allowing: allow,
    allowPolicies: set.policies
      .filter((policy) => policy.action === "ALLOW" && isEnforced(policy))
      .flatMap((policy) => sourceOf(policy) ?? []),
  };
}

/** Which of the values of a clause match: their places. */
export function matchingValues(
  { mesh, facts }: Standing,
  { policy, compiled }: RuleAt,
  field: string,
  values: readonly string[],
): readonly number[] {
  const trustDomains = [mesh.config.trustDomain, ...mesh.config.trustDomainAliases];
  const context = { policy, action: compiled.action, layer: facts.layer, trustDomains };
  return values.flatMap((value, index) => {
    const rule = compileRule(context, ruleOfValue(field, value), 0);
    const clauses = [...rule.from, ...rule.to].flatMap((group) => group.clauses);
    const tests: readonly FactsTest[] = [...clauses, ...rule.when].map(bindClause);
    return tests.length > 0 && tests.every((test) => test(facts)) ? [index] : [];
  });
}

/** A rule that says this one value of a field, without its negation. */
function ruleOfValue(field: string, value: string): AuthorizationRule {
  const key = /^when (.*)$/s.exec(field)?.[1];
  if (key !== undefined) return { when: [{ key, values: [value] }] };
  const name = field.slice(field.lastIndexOf(".") + 1);
  const plain = name.startsWith("not") ? name.charAt(3).toLowerCase() + name.slice(4) : name;
  return field.startsWith("from.")
    ? { from: [{ source: { [plain]: [value] } }] }
    : { to: [{ operation: { [plain]: [value] } }] };
}
