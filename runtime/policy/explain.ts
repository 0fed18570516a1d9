import type {
  Decision,
  DecisionRecord,
  PortRecord,
  RequestFacts,
  RuleRecord,
  TokenRecord,
  TriedRule,
} from "../model/decision.ts";
import type { Attribute, CompiledPolicy, CompiledRule, PolicySet, Unusable } from "../model/policy.ts";
import type { InboundListener } from "../model/snapshot.ts";
import { blameFor, nearness } from "./blame.ts";
import { evaluate, type Evaluated } from "./evaluate.ts";
import { type FactsOfFilter, factsOfFilters } from "./filter-notes.ts";
import { detailsOf } from "./jwt/fault.ts";
import { recordToken } from "./jwt/record.ts";
import { isEnforced } from "./rule.ts";
import { policyRecord, recordOf } from "./rule-record.ts";
import { shadowsOf } from "./shadow.ts";
import { tellClause, tellMissed, tellParts } from "./tell-clause.ts";
import { distanceOf, type TriedPart, tryParts } from "./tried-parts.ts";

/**
 * A decision in words. Of what was allowed only the rules up to the one that decided are told; policies that never decide (AUDIT,
 * dry-run) are evaluated here, as the shadow they are. `listener`: where the request came by, as far as it is known.
 */
export function explain(
  set: PolicySet,
  decision: Decision,
  facts: RequestFacts,
  listener?: Pick<InboundListener, "mode" | "because">,
): DecisionRecord {
  const port = listener === undefined ? {} : { port: portOf(facts, listener) };
  const token = decision.token === undefined ? undefined : recordToken(decision.token);
  if (token !== undefined && decision.reason === "jwt") return { ...refusedToken(token), ...port };
  const seen = factsOfFilters(set, facts);
  const evaluated = evaluate(set, decision, facts);
  const denies = decision.verdict === "deny";
  const wanted = decision.reason === "no-allow-matched" ? "ALLOW" : undefined;
  const by = decision.by === undefined ? undefined : ruleAt(set, decision.by);
  const shadow = shadowsOf(set, decision, facts).map(({ kind, result, by: rule }) => ({
    kind,
    result,
    by: rule === undefined ? null : (ruleAt(set, rule) ?? null),
  }));
  const blame = blameFor(set, decision, evaluated, seen({ action: "ALLOW", dryRun: false }));
  const empty = set.policies.filter(({ rules }) => rules.length === 0).map(policyRecord);
  const ranked = describeAll(set, evaluated, seen).toSorted(
    (a, b) => rankOf(a, wanted) - rankOf(b, wanted) || a.distance - b.distance || b.nearness - a.nearness,
  );
  return {
    verdict: decision.verdict,
    reason: decision.reason,
    by: by ?? null,
    details: denies ? refusalDetails(decision, by) : null,
    tried: tellSome(ranked, denies ? mostClauses.denied : mostClauses.allowed),
    ...(blame.length === 0 ? {} : { blame }),
    ...(empty.length === 0 ? {} : { empty }),
    ...port,
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

function portOf(facts: RequestFacts, { mode, because }: Pick<InboundListener, "mode" | "because">): PortRecord {
  return { port: facts.destinationPort, layer: facts.layer, mode, because };
}

/** How many clauses are told in all, of the rules that matched and the nearest misses first: nobody reads the rest of a thousand policies. */
const mostClauses = { denied: 60, allowed: 12 };

function tellSome(ranked: readonly Ranked[], most: number): readonly TriedRule[] {
  let room = most;
  return ranked.map(({ rule, parts, facts }) => {
    const first = rule.result === "missed" ? parts.find(({ missed }) => missed.length > 0)?.missed[0] : undefined;
    if (room <= 0) return first === undefined ? rule : { ...rule, missed: tellClause(first, facts) };
    const clauses = tellParts(parts, facts);
    room -= Math.max(1, clauses.length);
    return { ...rule, clauses, missed: first === undefined ? null : tellMissed(first, facts) };
  });
}

interface Ranked {
  readonly rule: TriedRule;
  readonly parts: readonly TriedPart[];
  /** What the rule was held against. */
  readonly facts: RequestFacts;
  readonly shadow: boolean;
  readonly distance: number;
  readonly nearness: number;
}

function rankOf({ rule: { result, action, notAsked }, shadow }: Ranked, wanted: string | undefined): number {
  const base = shadow ? 1 : 0;
  if (notAsked === true) return result === "matched" ? 6 : 7;
  if (result === "matched") return base;
  if (result === "missed") return (wanted === undefined || action === wanted ? 2 : 4) + base;
  return 8;
}

function ruleAt(set: PolicySet, by: NonNullable<Decision["by"]>): RuleRecord | undefined {
  const policy = set.policies[by.policy];
  const rule = policy?.rules[by.rule];
  return policy === undefined || rule === undefined ? undefined : recordOf(policy, rule);
}

function describeAll(set: PolicySet, evaluated: readonly Evaluated[], seen: FactsOfFilter): readonly Ranked[] {
  const asked = evaluated.flatMap(({ policy, source, matched, asked: isAsked }) => {
    const from = set.policies[policy];
    return from === undefined ? [] : [describeRule(from, source, seen(from), { matched, asked: isAsked })];
  });
  const others = set.policies.flatMap((policy) =>
    policy.rules.flatMap((rule) => {
      if (rule.dropped !== undefined) return [describeRule(policy, rule, seen(policy), { skipped: rule.dropped })];
      return isEnforced(policy) ? [] : [describeRule(policy, rule, seen(policy), {})];
    }),
  );
  return [...asked, ...others];
}

interface Known {
  /** Undefined: not decided by anybody yet. */
  readonly matched?: boolean;
  readonly asked?: boolean;
  readonly skipped?: string;
}

function describeRule(
  policy: CompiledPolicy,
  rule: CompiledRule,
  facts: RequestFacts,
  { matched, asked = true, skipped }: Known,
): Ranked {
  const parts = tryParts(rule, facts);
  const distance = distanceOf(parts);
  const result = skipped !== undefined ? "skipped" : (matched ?? distance === 0) ? "matched" : "missed";
  return {
    rule: {
      ...recordOf(policy, rule),
      dryRun: policy.dryRun,
      ...(asked ? {} : { notAsked: true }),
      result,
      held: parts.filter(({ missed }) => missed.length === 0).length,
      parts: skipped === undefined ? parts.length : partsOf(rule),
      ...(result === "missed" ? { distance } : {}),
      ...(rule.unusable === undefined ? {} : { unusable: rule.unusable.map(unusableField) }),
      missed: null,
      skipped: skipped ?? null,
    },
    parts,
    facts,
    shadow: !isEnforced(policy),
    distance: distance + (rule.unusable?.length ?? 0),
    nearness: nearness(parts),
  };
}

function unusableField({ field, values, why, provenance: { file, line, column } }: Unusable) {
  return { field, wanted: values, why, file, line, column };
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
