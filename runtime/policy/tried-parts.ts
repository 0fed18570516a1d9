import type { RequestFacts } from "../model/decision.ts";
import type { Clause, ClauseGroup, CompiledRule } from "../model/policy.ts";
import { bindClause, type FactsTest } from "./clause.ts";

export interface HeldClause {
  readonly clause: Clause;
  readonly held: boolean;
}

/** A part of a rule (from, to, each when) as it met a request: of several groups the one that came nearest. */
export interface TriedPart {
  readonly clauses: readonly HeldClause[];
  /** Those that failed; none: the part held. */
  readonly missed: readonly Clause[];
  /** Every group that held: all of them have to fail before the part does. */
  readonly holding: readonly (readonly HeldClause[])[];
}

export function tryParts(rule: CompiledRule, facts: RequestFacts): readonly TriedPart[] {
  return [
    ...(rule.from.length > 0 ? [tryGroups(rule.from, facts)] : []),
    ...(rule.to.length > 0 ? [tryGroups(rule.to, facts)] : []),
    ...rule.when.map((clause) => tryGroups([{ clauses: [clause] }], facts)),
  ];
}

/** The nearest group lacks the fewest clauses; of equals, it has the most that held. */
function tryGroups(groups: readonly Pick<ClauseGroup, "clauses">[], facts: RequestFacts): TriedPart {
  const tried = groups.map(({ clauses }) => clauses.map((clause) => ({ clause, held: boundClause(clause)(facts) })));
  const lacking = (clauses: readonly HeldClause[]): number => clauses.filter(({ held }) => !held).length;
  const [nearest = []] = tried.toSorted((a, b) => lacking(a) - lacking(b) || b.length - a.length);
  return {
    clauses: nearest,
    missed: nearest.flatMap(({ clause, held }) => (held ? [] : [clause])),
    holding: tried.filter((clauses) => lacking(clauses) === 0),
  };
}

/** Explanations of one snapshot ask the same clauses again and again. */
const bound = new WeakMap<Clause, FactsTest>();

export function boundClause(clause: Clause): FactsTest {
  const known = bound.get(clause) ?? bindClause(clause);
  bound.set(clause, known);
  return known;
}

/** How many clauses have to change before all parts hold. */
export function distanceOf(parts: readonly TriedPart[]): number {
  return parts.reduce((sum, { missed }) => sum + missed.length, 0);
}
