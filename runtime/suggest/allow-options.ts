import { bindClause } from "../policy/clause.ts";
import type { AuthorizationPolicy } from "../model/istio-security.ts";
import type { Clause, ClauseGroup } from "../model/policy.ts";
import { addEntry, addValue, entryWords, removeField, removeValue } from "./changes.ts";
import { matchingValues, type RuleAt, type Standing } from "./judge.ts";
import { addPart, editPart, freeMetadata, type NewPolicy, type Part } from "./part.ts";
import { operationOf, sourceOf } from "./request-entry.ts";
import { valuesFor } from "./request-value.ts";
import { allTogether } from "./together.ts";

/** Ways to make some ALLOW rule match, each with all that it takes. */
export function allowOptions(standing: Standing): readonly (readonly Part[])[] {
  const nearest = standing.allowing.toSorted((a, b) => missing(a, standing) - missing(b, standing));
  const file = (nearest[0]?.policy ?? standing.allowPolicies[0])?.positions.file;
  // Those that say exactly this call first: with DENY rules in the way not all are tried.
  return [
    ...standing.allowPolicies.slice(0, 2).map((policy) => [newRule(standing, policy)]),
    ...(file === undefined ? [] : [[newPolicy(standing, file)]]),
    ...nearest.slice(0, mostRules).flatMap((at) => widenedRule(standing, at)),
    ...standing.allowPolicies.slice(2, mostRules).map((policy) => [newRule(standing, policy)]),
  ];
}

const mostRules = 8;

/** How many clauses of a rule fail. */
function missing({ rule }: RuleAt, { facts }: Standing): number {
  const fails = (clauses: readonly Clause[]): number => clauses.filter((clause) => !bindClause(clause)(facts)).length;
  const nearest = (groups: readonly ClauseGroup[]): number =>
    groups.length === 0 ? 0 : Math.min(...groups.map(({ clauses }) => fails(clauses)));
  return nearest(rule.from) + nearest(rule.to) + fails(rule.when);
}

/** A rule that fails, with what it lacks. */
function widenedRule(standing: Standing, at: RuleAt): readonly (readonly Part[])[] {
  const { facts } = standing;
  const ways = (groups: readonly ClauseGroup[], another: () => Part): readonly (readonly Part[])[] => {
    const holds = ({ clauses }: ClauseGroup): boolean => clauses.every((clause) => bindClause(clause)(facts));
    if (groups.length === 0 || groups.some(holds)) return [[]];
    return [...groups.flatMap((group) => wayOf(standing, at, group.clauses, group) ?? []), [another()]];
  };
  const conditions = wayOf(standing, at, at.rule.when, undefined)?.[0];
  if (conditions === undefined) return [];
  return allTogether([
    ways(at.rule.from, () => addEntry(at, "from", sourceOf(facts, wantsToken(standing)))),
    ways(at.rule.to, () => addEntry(at, "to", operationOf(facts))),
    [conditions],
  ]);
}

/** What makes every one of these clauses hold, as the only way of a list; undefined: it cannot be done with values. */
function wayOf(
  standing: Standing,
  at: RuleAt,
  clauses: readonly Clause[],
  group: ClauseGroup | undefined,
): readonly (readonly Part[])[] | undefined {
  const parts: Part[] = [];
  for (const clause of clauses) {
    if (bindClause(clause)(standing.facts)) continue;
    const made = clause.negated ? withoutExclusion(standing, at, clause, group) : withValue(standing, at, clause);
    if (made === undefined) return undefined;
    parts.push(...made);
  }
  return [parts];
}

function withValue({ facts }: Standing, at: RuleAt, clause: Clause): readonly Part[] | undefined {
  const [value] = valuesFor(clause, facts);
  return value === undefined ? undefined : [addValue(at, clause.provenance.field, clause.field, value)];
}

/** A negated clause fails by some of its values; a group that says nothing else would mean anybody without them. */
function withoutExclusion(
  standing: Standing,
  at: RuleAt,
  clause: Clause,
  group: ClauseGroup | undefined,
): readonly Part[] | undefined {
  const matching = matchingValues(standing, at, clause.field, clause.values);
  if (matching.length < clause.values.length)
    // From the end, so that places before stay what they are.
    return matching.toReversed().map((index) => removeValue(at, clause, index));
  if (group !== undefined && group.clauses.length > 1) return [removeField(at, clause.provenance.field, clause.field)];
  return undefined;
}

function wantsToken({ allowing }: Standing): boolean {
  return allowing.some(({ rule }) =>
    [...rule.from.flatMap(({ clauses }) => clauses), ...rule.when].some(({ attribute }) =>
      ["claim", "request-principal"].includes(attribute.kind),
    ),
  );
}

function exactRule(standing: Standing): NewPolicy["spec"] {
  const { facts } = standing;
  return { from: [sourceOf(facts, wantsToken(standing))], to: [operationOf(facts)] };
}

function newRule(standing: Standing, policy: AuthorizationPolicy): Part {
  const value = exactRule(standing);
  const path = "spec.rules";
  return editPart(policy, path, { kind: "append", path: ["spec", "rules"], value }, `add a rule: ${entryWords(value)}`);
}

/** For this workload alone, beside policies that are for more. */
function newPolicy(standing: Standing, file: string): Part {
  const { workload, mesh } = standing;
  const value: NewPolicy = {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: freeMetadata(`${workload.service}-allow`, workload.namespace, mesh.policies.authorizationPolicies),
    spec: {
      selector: { matchLabels: { ...workload.labels } },
      action: "ALLOW",
      rules: [exactRule(standing)],
    },
  };
  return addPart(file, value, `add a policy for ${workload.service}: ${entryWords(exactRule(standing))}`);
}
