import type { ClauseGroup, CompiledPolicy, CompiledRule } from "../model/policy.ts";
import type { Mesh } from "../model/mesh.ts";
import { provenance, resourceName, type Provenance } from "../model/resource.ts";
import type { Judged } from "../predict/trace.ts";
import { bindClause } from "../policy/clause.ts";
import { evaluate } from "../policy/evaluate.ts";
import { bindRule, isEnforced } from "../policy/rule.ts";
import type { AskedCase } from "./run.ts";

/** What of the AuthorizationPolicies the cases were held against. */
export interface Coverage {
  readonly files: readonly FileCoverage[];
  /** Rules and clauses that did not both match and miss, in the order of the files. */
  readonly uncovered: readonly Uncovered[];
}

export interface FileCoverage {
  readonly file: string;
  readonly policies: Share;
  readonly rules: Share;
  readonly clauses: Share;
}

/** `covered`: of a policy, some rule of it was asked; of rules and clauses, they matched a request and missed another. */
export interface Share {
  readonly covered: number;
  readonly total: number;
}

export interface Uncovered extends Provenance {
  /** Null: the policy has no rule, or selects nobody. */
  readonly rule: number | null;
  /** Null: the rule itself. */
  readonly clause: string | null;
  readonly missing: "never asked" | "never matched" | "never missed";
}

interface Entry {
  readonly policy: string;
  readonly rule: number | null;
  readonly clause: string | null;
  readonly at: Provenance;
  matched: boolean;
  missed: boolean;
}

export function coverageOf(mesh: Mesh, asked: readonly AskedCase[]): Coverage {
  const entries = new Map<string, Entry>();
  for (const policy of mesh.policies.authorizationPolicies) {
    const at = provenance(policy, "");
    note(entries, { policy: resourceName(policy), rule: null, clause: null, at });
    for (const [index, rule] of (policy.spec.rules ?? []).entries()) {
      if (rule === null) continue;
      note(entries, {
        policy: resourceName(policy),
        rule: index,
        clause: null,
        at: provenance(policy, `spec.rules[${index}]`),
      });
    }
  }
  const seen = new Map<CompiledPolicy, Set<CompiledRule>>();
  for (const { judged } of asked) for (const each of judged) cover(entries, each, seen);
  return reportOf([...entries.values()]);
}

/** A rule is asked when it decides, or one before it did not. Those that never decide are asked by every request. */
function cover(entries: Map<string, Entry>, judged: Judged, seen: Map<CompiledPolicy, Set<CompiledRule>>): void {
  const { policies: set, decision, facts } = judged;
  for (const policy of set.policies) if (!seen.has(policy)) addClauses(entries, policy, seen);
  if (decision.reason === "jwt") return;
  const tried = evaluate(set, decision, facts);
  const silent = set.policies.flatMap((policy, index) =>
    isEnforced(policy)
      ? []
      : policy.rules.map((source) => ({ policy: index, source, matched: bindRule(source)(facts) })),
  );
  for (const { policy: index, source, matched } of [...tried, ...silent]) {
    const policy = set.policies[index];
    if (policy === undefined || source.dropped !== undefined) continue;
    mark(entries, source.provenance, null, matched);
    for (const clause of clausesOf(source)) mark(entries, clause.provenance, clause.field, bindClause(clause)(facts));
  }
}

function addClauses(
  entries: Map<string, Entry>,
  policy: CompiledPolicy,
  seen: Map<CompiledPolicy, Set<CompiledRule>>,
): void {
  seen.set(policy, new Set(policy.rules));
  for (const rule of policy.rules)
    for (const { field, provenance: at } of clausesOf(rule))
      note(entries, { policy: policy.from.resource, rule: rule.index, clause: field, at });
}

function clausesOf({ from, to, when }: CompiledRule): ClauseGroup["clauses"] {
  return [...[...from, ...to].flatMap(({ clauses }) => clauses), ...when];
}

function keyOf({ resource, field }: Provenance, clause: string | null): string {
  return `${resource} ${field} ${clause ?? ""}`;
}

function note(entries: Map<string, Entry>, entry: Omit<Entry, "matched" | "missed">): void {
  const key = keyOf(entry.at, entry.clause);
  if (!entries.has(key)) entries.set(key, { ...entry, matched: false, missed: false });
}

function mark(entries: Map<string, Entry>, at: Provenance, clause: string | null, held: boolean): void {
  const entry = entries.get(keyOf(at, clause));
  if (entry === undefined) return;
  if (held) entry.matched = true;
  else entry.missed = true;
}

function reportOf(entries: readonly Entry[]): Coverage {
  const asked = new Set(entries.filter(({ matched, missed }) => matched || missed).map(({ policy }) => policy));
  const files = [...new Set(entries.map(({ at }) => at.file))].toSorted();
  const uncovered = entries.flatMap((entry): readonly Uncovered[] => {
    const { at, rule, clause, matched, missed, policy } = entry;
    if (rule === null)
      return asked.has(policy) || hasRules(entries, policy) ? [] : [{ ...at, rule, clause, missing: "never asked" }];
    // A rule without a clause names every request.
    if ((matched && missed) || (matched && clause === null && !hasClauses(entries, entry))) return [];
    const missing = matched ? "never missed" : missed ? "never matched" : "never asked";
    return [{ ...at, rule, clause, missing }];
  });
  const open = new Set(uncovered.map((each) => keyOf(each, each.clause)));
  return {
    files: files.map((file) => {
      const own = entries.filter(({ at }) => at.file === file);
      const share = (list: readonly Entry[]): Share => ({
        covered: list.filter(({ at, clause }) => !open.has(keyOf(at, clause))).length,
        total: list.length,
      });
      const policies = own.filter(({ rule }) => rule === null);
      return {
        file,
        policies: { covered: policies.filter(({ policy }) => asked.has(policy)).length, total: policies.length },
        rules: share(own.filter(({ rule, clause }) => rule !== null && clause === null)),
        clauses: share(own.filter(({ clause }) => clause !== null)),
      };
    }),
    uncovered: uncovered.toSorted(byPlace),
  };
}

function hasRules(entries: readonly Entry[], policy: string): boolean {
  return entries.some((entry) => entry.policy === policy && entry.rule !== null);
}

function hasClauses(entries: readonly Entry[], { policy, rule }: Entry): boolean {
  return entries.some((entry) => entry.policy === policy && entry.rule === rule && entry.clause !== null);
}

function byPlace(a: Provenance, b: Provenance): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
