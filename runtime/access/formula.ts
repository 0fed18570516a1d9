import type { Clause, CompiledRule, PolicySet } from "../model/policy.ts";
import { enforcedRules, placedRules, type PlacedRule } from "../policy/rule.ts";
import { type PredicateTable, readsTokens } from "./predicate.ts";
import type { GuardedPort, Layer } from "./sample.ts";

/** A predicate or its negation: `2 * id`, or one more. */
type Literal = number;
type Part = readonly (readonly Literal[])[];

/** What is still open of a rule: any of the alternatives of each part. No part: it matches. */
interface OpenRule {
  readonly source: CompiledRule;
  readonly parts: readonly Part[];
}

/** What is still open of one version of the policies. */
export interface OpenSide {
  /** True: the connection comes to nothing. */
  readonly closed: boolean | Literal;
  /** By provider; in each list the first that matches counts. */
  readonly custom: readonly (readonly OpenRule[])[];
  readonly refused: boolean | Literal;
  readonly deny: readonly OpenRule[];
  readonly allow: readonly OpenRule[];
}

/** The truth of predicates by id, as far as it is known. */
export type Truths = ReadonlyMap<number, boolean>;

/** Everything that a version asks of a request. */
export function openSide(port: GuardedPort, layer: Layer, side: number, table: PredicateTable): OpenSide {
  const set = port.inbound[layer];
  const { denying, allowing } = enforcedRules(set);
  const open = (stage: "custom" | "enforced", rules: readonly PlacedRule[]): readonly OpenRule[] =>
    rules.map(({ source }) => openRule(source, (clause) => 2 * table.ofClause(side, stage, clause).id));
  return {
    closed: port.listener.mode === "STRICT" ? 2 * table.plaintext(side).id : false,
    custom: customRules(set).map((rules) => open("custom", rules)),
    refused: readsTokens(port, layer) ? 2 * table.refused(side).id : false,
    deny: open("enforced", denying),
    allow: open("enforced", allowing),
  };
}

export function customRules(set: PolicySet): readonly (readonly PlacedRule[])[] {
  return (set.custom ?? []).map(({ policies }) => placedRules(set, (_policy, index) => policies.includes(index)));
}

function openRule(source: CompiledRule, literalOf: (clause: Clause) => Literal): OpenRule {
  const all = (clauses: readonly Clause[]): readonly Literal[] =>
    clauses.map((clause) => literalOf(clause) + (clause.negated ? 1 : 0));
  const parts = [
    ...[source.from, source.to].flatMap((groups) =>
      groups.length === 0 ? [] : [groups.map(({ clauses }) => all(clauses))],
    ),
    ...source.when.map((clause) => [all([clause])]),
  ];
  return { source, parts };
}

/** The same with more known of the request. What can change nothing any more is left out. */
export function narrow(side: OpenSide, truths: Truths): OpenSide {
  const closed = settle(side.closed, truths);
  if (closed === true) return { closed, custom: [], refused: false, deny: [], allow: [] };
  const refused = settle(side.refused, truths);
  const deny = refused === true ? [] : narrowRules(side.deny, truths);
  return {
    closed,
    custom: side.custom.map((rules) => narrowRules(rules, truths)),
    refused,
    deny,
    allow: refused === true || deny[0]?.parts.length === 0 ? [] : narrowRules(side.allow, truths),
  };
}

function settle(value: boolean | Literal, truths: Truths): boolean | Literal {
  return typeof value === "boolean" ? value : (truthOf(value, truths) ?? value);
}

function truthOf(literal: Literal, truths: Truths): boolean | undefined {
  const known = truths.get(literal >> 1);
  return known === undefined ? undefined : known !== ((literal & 1) === 1);
}

/** Rules that cannot match are left out, and so is what comes behind one that does. */
function narrowRules(rules: readonly OpenRule[], truths: Truths): readonly OpenRule[] {
  const left: OpenRule[] = [];
  for (const rule of rules) {
    const parts = narrowParts(rule.parts, truths);
    if (parts === undefined) continue;
    left.push({ source: rule.source, parts });
    if (parts.length === 0) break;
  }
  return left;
}

/** Undefined: one of them cannot hold. */
function narrowParts(parts: readonly Part[], truths: Truths): readonly Part[] | undefined {
  const left: Part[] = [];
  for (const part of parts) {
    const alternatives = narrowPart(part, truths);
    if (alternatives === undefined) continue;
    if (alternatives.length === 0) return undefined;
    left.push(alternatives);
  }
  return left;
}

/** Undefined: it holds. */
function narrowPart(part: Part, truths: Truths): Part | undefined {
  const left: (readonly Literal[])[] = [];
  for (const literals of part) {
    const open = literals.filter((literal) => truthOf(literal, truths) !== true);
    if (open.length === 0) return undefined;
    if (open.every((literal) => truthOf(literal, truths) === undefined)) left.push(open);
  }
  return left;
}

/** The predicates that still count, by id. */
export function openPredicates(sides: readonly OpenSide[]): ReadonlySet<number> {
  const literals = sides.flatMap(({ closed, refused, custom, deny, allow }) => [
    ...[closed, refused].filter((each) => typeof each === "number"),
    ...[...custom.flat(), ...deny, ...allow].flatMap(({ parts }) => parts.flat(2)),
  ]);
  return new Set(literals.map((literal) => literal >> 1));
}

/** Equal texts: the same is open. */
export function keyOf(sides: readonly OpenSide[], numberOf: (rule: CompiledRule) => number): string {
  const rules = (list: readonly OpenRule[]): unknown =>
    list.map(({ source, parts }) => [numberOf(source), parts.map((part) => part.map((all) => all.join(" ")))]);
  return JSON.stringify(
    sides.map((side) => [side.closed, side.custom.map(rules), side.refused, rules(side.deny), rules(side.allow)]),
  );
}

/** The rules that match when nothing is open any more. */
export function matchedRules(side: OpenSide): ReadonlySet<CompiledRule> {
  return new Set(
    [...side.custom.flat(), ...side.deny, ...side.allow]
      .filter(({ parts }) => parts.length === 0)
      .map(({ source }) => source),
  );
}
