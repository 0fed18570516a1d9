import { bindClause } from "../policy/clause.ts";
import type { RequestFacts } from "../model/decision.ts";
import type { Clause, ClauseGroup } from "../model/policy.ts";
import { addEntry, addValue, removeField, removeValue } from "./changes.ts";
import { matchingValues, type RuleAt, type Standing } from "./judge.ts";
import type { Part } from "./part.ts";
import { valueOf } from "./request-entry.ts";
import { valuesFor } from "./request-value.ts";
import { allTogether } from "./together.ts";

/** Ways to keep one DENY rule from matching: narrow it, take a value out, take the rule out. */
export function denyOptions(standing: Standing, at: RuleAt): readonly (readonly Part[])[] {
  const { rule, policy } = at;
  return [
    ...brokenGroups(standing, at, "from"),
    ...brokenGroups(standing, at, "to"),
    ...brokenConditions(standing, at),
    ...((policy.spec.rules ?? []).length > 1 ? [[removeField(at, rule.provenance.field, "")]] : []),
  ];
}

/** Of `from` or `to` every group that matches has to be kept from it. */
function brokenGroups(standing: Standing, at: RuleAt, list: "from" | "to"): readonly (readonly Part[])[] {
  const { facts } = standing;
  const groups = at.rule[list];
  if (groups.length === 0)
    return exclusions(list, facts, {}).map(([field, value]) => [
      addEntry(at, list, { [list === "from" ? "source" : "operation"]: { [field]: [value] } }),
    ]);
  const matching = groups.filter(({ clauses }) => clauses.every((clause) => bindClause(clause)(facts)));
  const ways = allTogether(matching.map((group) => brokenGroup(standing, at, list, group)));
  if (matching.length === groups.length) return ways;
  const removed = matching.toReversed().map((group) => removeField(at, entryOf(group), groupName(list, group)));
  return [...ways, removed];
}

/** `spec.rules[0].from[1].source` is the content of the entry that goes. */
function entryOf({ provenance }: ClauseGroup): string {
  return provenance.field.replace(/\.(?:source|operation)$/, "");
}

function groupName(list: string, group: ClauseGroup): string {
  return `${list}${/\[\d+\]$/.exec(entryOf(group))?.[0] ?? ""}`;
}

function brokenGroup(
  standing: Standing,
  at: RuleAt,
  list: "from" | "to",
  group: ClauseGroup,
): readonly (readonly Part[])[] {
  const { field } = group.provenance;
  const known = Object.fromEntries(
    group.clauses.map((clause) => [clause.field.slice(clause.field.lastIndexOf(".") + 1), clause]),
  );
  const label = `${list}.${list === "from" ? "source" : "operation"}`;
  const added = exclusions(list, standing.facts, known)
    .filter(([name]) => known[name] === undefined)
    .map(([name, value]) => [addValue(at, `${field}.${name}`, `${label}.${name}`, value)]);
  return [...group.clauses.flatMap((clause) => brokenClause(standing, at, clause)), ...added];
}

/** What a group can exclude of a request, by field. */
function exclusions(
  list: "from" | "to",
  facts: RequestFacts,
  known: Readonly<Record<string, unknown>>,
): readonly (readonly [field: string, value: string])[] {
  // Accounts stand beside neither principals nor namespaces (spec VA-9).
  const who = "serviceAccounts" in known || "notServiceAccounts" in known ? "serviceAccounts" : "principals";
  const names =
    list === "from"
      ? [facts.peer === undefined ? "ipBlocks" : who]
      : facts.layer === "tcp"
        ? ["ports"]
        : ["paths", "methods", "ports"];
  return names.flatMap((name) => {
    const value = valueOf(name, facts);
    return value === undefined ? [] : [[`not${name.charAt(0).toUpperCase()}${name.slice(1)}`, value] as const];
  });
}

/** A clause that holds, and shall not. Without its last value a field would say nothing, and the rule match more. */
function brokenClause(standing: Standing, at: RuleAt, clause: Clause): readonly (readonly Part[])[] {
  if (clause.negated) {
    const [value] = valuesFor(clause, standing.facts);
    return value === undefined ? [] : [[addValue(at, clause.provenance.field, clause.field, value)]];
  }
  const matching = matchingValues(standing, at, clause.field, clause.values);
  if (matching.length === 0 || matching.length === clause.values.length) return [];
  return [matching.toReversed().map((index) => removeValue(at, clause, index))];
}

function brokenConditions(standing: Standing, at: RuleAt): readonly (readonly Part[])[] {
  const { facts } = standing;
  const key = facts.peer === undefined ? "source.ip" : "source.principal";
  const who = valueOf(facts.peer === undefined ? "ipBlocks" : "principals", facts);
  return [
    ...at.rule.when.flatMap((clause) => brokenClause(standing, at, clause)),
    // One condition does for any number of groups.
    ...(who === undefined || at.rule.from.length < 2 ? [] : [[addEntry(at, "when", { key, notValues: [who] })]]),
  ];
}
