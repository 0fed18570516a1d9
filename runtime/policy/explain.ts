import type { Decision, DecisionRecord, RequestFacts, RuleRecord, TokenRecord, TriedRule } from "../model/decision.ts";
import type { Attribute, CompiledPolicy, CompiledRule, PolicySet } from "../model/policy.ts";
import { evaluate } from "./evaluate.ts";
import { detailsOf } from "./jwt/fault.ts";
import { recordToken } from "./jwt/record.ts";
import { isEnforced } from "./rule.ts";
import { shadowsOf } from "./shadow.ts";
import { type TriedPart, tellClause, tellParts, tryParts } from "./tried-parts.ts";

/**
 * A decision in words. Only the rules up to the one that decided are told, with the first clause that failed; policies that never decide
 * (AUDIT, dry-run) are evaluated here, as the shadow they are.
 */
export function explain(set: PolicySet, decision: Decision, facts: RequestFacts): DecisionRecord {
  const token = decision.token === undefined ? undefined : recordToken(decision.token);
  if (token !== undefined && decision.reason === "jwt") return refusedToken(token);
  const tried: Ranked[] = [];
  for (const { policy, source, matched } of evaluate(set, decision, facts)) {
    const from = set.policies[policy];
    if (from !== undefined) tried.push(describeRule(from, source, matched, facts));
  }
  const denies = decision.verdict === "deny";
  for (const policy of set.policies) {
    for (const rule of policy.rules) {
      if (rule.dropped !== undefined) tried.push(skippedRule(policy, rule, rule.dropped));
      else if (!isEnforced(policy)) tried.push(describeRule(policy, rule, undefined, facts));
    }
  }
  const wanted = decision.reason === "no-allow-matched" ? "ALLOW" : undefined;
  const by = decision.by === undefined ? undefined : ruleAt(set, decision.by);
  const shadow = shadowsOf(set, decision, facts).map(({ kind, result, by: rule }) => ({
    kind,
    result,
    by: rule === undefined ? null : (ruleAt(set, rule) ?? null),
  }));
  return {
    verdict: decision.verdict,
    reason: decision.reason,
    by: by ?? null,
    details: denies ? refusalDetails(decision, by) : null,
    tried: tried
      .toSorted((a, b) => rankOf(a, wanted) - rankOf(b, wanted) || b.nearness - a.nearness)
      .map(({ rule, parts }, at) => (at < toldByClause ? { ...rule, clauses: tellParts(parts, facts) } : rule)),
    ...(shadow.length === 0 ? {} : { shadow }),
    note: noteOn(set, facts),
    ...(token === undefined ? {} : { token }),
  };
}

/** Envoy's response code details of a refusal (spec AP-67, CU-22). */
function refusalDetails(decision: Decision, by: RuleRecord | undefined): string {
  if (decision.reason === "ext-authz-denied") return "ext_authz_denied";
  if (decision.reason === "ext-authz-error") return "ext_authz_error";
  return `rbac_access_denied_matched_policy[${by?.id.replaceAll(/\s/g, "_") ?? "none"}]`;
}

function refusedToken(token: TokenRecord): DecisionRecord {
  return {
    verdict: "deny",
    reason: "jwt",
    by: token.rule,
    details: detailsOf(token.fault ?? ""),
    tried: [],
    note: null,
    token,
  };
}

/** How many rules are told clause by clause: those that matched and the nearest misses. */
const toldByClause = 3;

interface Ranked {
  readonly rule: TriedRule;
  readonly parts: readonly TriedPart[];
  readonly shadow: boolean;
  /** Share of the rule's parts that held, and below that of the clauses of the part that failed. */
  readonly nearness: number;
}

function rankOf(entry: Ranked, wanted: string | undefined): number {
  const { result, action } = entry.rule;
  const base = entry.shadow ? 1 : 0;
  if (result === "matched") return base;
  if (result === "missed") return (wanted === undefined || action === wanted ? 2 : 4) + base;
  return 6;
}

function ruleAt(set: PolicySet, by: NonNullable<Decision["by"]>): RuleRecord | undefined {
  const policy = set.policies[by.policy];
  const rule = policy?.rules[by.rule];
  return policy === undefined || rule === undefined ? undefined : recordOf(policy, rule);
}

function recordOf(policy: CompiledPolicy, rule: CompiledRule): RuleRecord {
  const { file, line, column } = rule.provenance;
  const suffix = policy.fault === undefined ? "" : "-deny-due-to-bad-CUSTOM-action";
  return {
    resource: policy.from.resource,
    action: policy.action,
    rule: rule.index,
    id: `${policy.id}-rule[${rule.index}]${suffix}`,
    file,
    line,
    column,
  };
}

function skippedRule(policy: CompiledPolicy, rule: CompiledRule, why: string): Ranked {
  return {
    rule: {
      ...recordOf(policy, rule),
      dryRun: policy.dryRun,
      result: "skipped",
      held: 0,
      parts: partsOf(rule),
      missed: null,
      skipped: why,
    },
    parts: [],
    shadow: !isEnforced(policy),
    nearness: 0,
  };
}

/** `matched` undefined: not decided by anybody yet. */
function describeRule(
  policy: CompiledPolicy,
  rule: CompiledRule,
  matched: boolean | undefined,
  facts: RequestFacts,
): Ranked {
  const tried = tryParts(rule, facts);
  const parts = tried.length;
  const failed = tried.filter(({ missed }) => missed !== undefined);
  const held = parts - failed.length;
  const [first] = failed;
  const result = (matched ?? first === undefined) ? "matched" : "missed";
  return {
    rule: {
      ...recordOf(policy, rule),
      dryRun: policy.dryRun,
      result,
      held,
      parts,
      missed: result === "missed" && first?.missed !== undefined ? tellClause(first.missed, facts) : null,
      skipped: null,
    },
    parts: tried,
    shadow: !isEnforced(policy),
    nearness: parts === 0 ? 1 : (held + (first?.share ?? 0)) / parts,
  };
}

function partsOf(rule: CompiledRule): number {
  return (rule.from.length > 0 ? 1 : 0) + (rule.to.length > 0 ? 1 : 0) + rule.when.length;
}

function noteOn(set: PolicySet, facts: RequestFacts): string | null {
  const notes: string[] = [];
  if (facts.peer === undefined && asksFor(set, ["peer"]))
    notes.push("the connection was plaintext: the caller has no identity");
  if (facts.layer === "http" && facts.claims === undefined && asksFor(set, ["claim", "request-principal"]))
    notes.push("no token was verified: the request has no principal and no claims");
  return notes.length === 0 ? null : notes.join("; ");
}

function asksFor(set: PolicySet, kinds: readonly Attribute["kind"][]): boolean {
  return set.policies.some((policy) =>
    policy.rules.some(
      (rule) =>
        rule.dropped === undefined &&
        [...rule.from.flatMap((group) => group.clauses), ...rule.when].some((clause) =>
          kinds.includes(clause.attribute.kind),
        ),
    ),
  );
}
