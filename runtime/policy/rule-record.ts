import type { PolicyRecord, RuleRecord } from "../model/decision.ts";
import type { CompiledPolicy, CompiledRule } from "../model/policy.ts";

/** A rule as events name it. */
export function recordOf(policy: CompiledPolicy, rule: CompiledRule): RuleRecord {
  const { file, line, column } = rule.provenance;
  const { fault } = policy;
  const suffix = fault === undefined ? "" : "-deny-due-to-bad-CUSTOM-action";
  return {
    ...(fault === undefined ? {} : { fault }),
    resource: policy.from.resource,
    action: policy.action,
    rule: rule.index,
    id: `${policy.id}-rule[${rule.index}]${suffix}`,
    file,
    line,
    column,
  };
}

export function policyRecord({ from, action, dryRun }: CompiledPolicy): PolicyRecord {
  const { resource, file, line, column } = from;
  return { resource, action, dryRun, file, line, column };
}
