import type { Blame, BlamedClause, Decision, RequestFacts } from "../model/decision.ts";
import type { Clause, CompiledPolicy, CompiledRule, PolicySet, Unusable } from "../model/policy.ts";
import type { Evaluated } from "./evaluate.ts";
import { isEnforced } from "./rule.ts";
import { policyRecord } from "./rule-record.ts";
import { tellClause, tellMissed } from "./tell-clause.ts";
import { distanceOf, tryParts, type HeldClause, type TriedPart } from "./tried-parts.ts";

/**
 * What has to change for a refusal to be none, all of it: every CUSTOM and DENY rule that matched must match no more, and where ALLOW
 * policies apply and none matches, the rule that lacks least must. What a token lacks is not told here.
 */
export function blameFor(
  set: PolicySet,
  decision: Decision,
  evaluated: readonly Evaluated[],
  facts: RequestFacts,
): readonly Blame[] {
  if (decision.verdict === "allow" || decision.reason === "jwt") return [];
  const refusing = evaluated.filter(({ policy, matched }) => matched && refuses(set, policy, decision));
  const stops = refusing.map(({ policy, source }) => stopping(set.policies[policy], source, facts));
  const allowing = set.policies.filter((policy) => policy.action === "ALLOW" && isEnforced(policy));
  const isAllowed = evaluated.some(({ policy, matched }) => matched && set.policies[policy]?.action === "ALLOW");
  const starts = allowing.length === 0 || isAllowed ? [] : [starting(allowing, facts)];
  return [...stops, ...starts].flatMap((blame) => blame ?? []);
}

/** Whether a rule that matched stands in the way: a provider that agrees is none. */
function refuses(set: PolicySet, policy: number, { reason }: Decision): boolean {
  const found = set.policies[policy];
  if (found?.action !== "CUSTOM") return found?.action === "DENY";
  return found.fault !== undefined || reason === "ext-authz-denied" || reason === "ext-authz-error";
}

/** The fewest clauses with which a rule that matched matches no more. */
function stopping(policy: CompiledPolicy | undefined, rule: CompiledRule, facts: RequestFacts): Blame | undefined {
  if (policy === undefined) return undefined;
  const ways = tryParts(rule, facts).map((part) => waysOut(part, facts));
  const [least] = ways.toSorted((a, b) => a.length - b.length).filter((clauses) => clauses.length > 0);
  const clauses = (least ?? []).map((clause) => blamed(clause, tellClause(clause, facts)));
  return { ...ruleOf(policy, rule), must: "not-match", clauses };
}

/** One clause of every group that held; none when a group asks for nothing, or nothing could make it fail. */
function waysOut({ holding }: TriedPart, facts: RequestFacts): readonly Clause[] {
  const chosen = holding.map((group) => choose(group, facts));
  return chosen.every((clause) => clause !== undefined) ? chosen.flatMap((clause) => clause ?? []) : [];
}

/**
 * An exception that the request is not, if there is one: it tells more than what it is. None can be made for what the request lacks,
 * nor for an identity that is none of Istio's and is therefore told as it is.
 */
function choose(group: readonly HeldClause[], facts: RequestFacts): Clause | undefined {
  const clauses = group.map(({ clause }) => clause);
  return (
    clauses.find((clause) => clause.negated && !(tellClause(clause, facts).actual ?? foreign).startsWith(foreign)) ??
    clauses.findLast((clause) => !clause.negated)
  );
}

const foreign = "spiffe://";

interface Candidate {
  readonly policy: CompiledPolicy;
  readonly rule: CompiledRule;
  readonly parts: readonly TriedPart[];
  readonly unusable: readonly Unusable[];
}

/** The rule of an ALLOW that the fewest changes make match. */
function starting(allowing: readonly CompiledPolicy[], facts: RequestFacts): Blame | undefined {
  const candidates = allowing.flatMap((policy) =>
    policy.rules.map((rule): Candidate => ({
      policy,
      rule,
      parts: tryParts(rule, facts),
      unusable: rule.unusable ?? [],
    })),
  );
  const cost = ({ parts, unusable }: Candidate): number => distanceOf(parts) + unusable.length;
  const [nearest] = candidates.toSorted((a, b) => cost(a) - cost(b) || nearness(b.parts) - nearness(a.parts));
  const [policy] = allowing;
  if (nearest === undefined)
    return policy === undefined ? undefined : { ...policyRecord(policy), rule: null, must: "match", clauses: [] };
  const missed = nearest.parts.flatMap((part) => part.missed);
  return {
    ...ruleOf(nearest.policy, nearest.rule),
    must: "match",
    clauses: [
      ...nearest.unusable.map(unusableClause),
      ...missed.map((clause) => blamed(clause, tellMissed(clause, facts))),
    ],
  };
}

/** Share of a rule's parts that held, and below that of the clauses of the parts that failed. */
export function nearness(parts: readonly TriedPart[]): number {
  if (parts.length === 0) return 1;
  const shares = parts.map(({ clauses, missed }) => 1 - missed.length / Math.max(1, clauses.length));
  return shares.reduce((sum, share) => sum + share, 0) / parts.length;
}

function ruleOf(policy: CompiledPolicy, rule: CompiledRule): Omit<Blame, "must" | "clauses"> {
  const { file, line, column } = rule.provenance;
  return { ...policyRecord(policy), file, line, column, rule: rule.index };
}

function blamed({ provenance }: Clause, told: Omit<BlamedClause, "path">): BlamedClause {
  return { ...told, path: provenance.field };
}

function unusableClause({ field, values, why, provenance }: Unusable): BlamedClause {
  const { file, line, column } = provenance;
  return {
    field,
    negated: /\.not[A-Z]/.test(field),
    wanted: values,
    actual: null,
    hint: why,
    unusable: true,
    file,
    line,
    column,
    path: provenance.field,
  };
}
