import type { PlainValue } from "../config/edit/field-edit.ts";
import type { Clause } from "../model/policy.ts";
import type { RuleAt } from "./judge.ts";
import { editPart, type Part, stepsOf } from "./part.ts";

/** Changes of one rule, in words that name the rule as Istio counts. */

function ruleName({ rule }: RuleAt): string {
  return `rule ${rule.index}`;
}

export function addValue(at: RuleAt, path: string, field: string, value: string): Part {
  const edit = { kind: "append", path: stepsOf(path), value } as const;
  return editPart(at.policy, path, edit, `add ${JSON.stringify(value)} to ${field} of ${ruleName(at)}`);
}

/** `path` is of the list. */
export function removeValue(at: RuleAt, clause: Clause, index: number): Part {
  const path = `${clause.provenance.field}[${index}]`;
  const value = JSON.stringify(clause.values[index] ?? "");
  return editPart(
    at.policy,
    path,
    { kind: "remove", path: stepsOf(path) },
    `take ${value} out of ${clause.field} of ${ruleName(at)}`,
  );
}

/** A whole field, condition, group or rule. */
export function removeField(at: RuleAt, path: string, field: string): Part {
  const whole = field === "" ? ruleName(at) : `${field} of ${ruleName(at)}`;
  return editPart(at.policy, path, { kind: "remove", path: stepsOf(path) }, `take ${whole} out`);
}

/** An entry more of `from`, `to` or `when`. */
export function addEntry(at: RuleAt, list: "from" | "to" | "when", value: PlainValue): Part {
  const path = `${at.rule.provenance.field}.${list}`;
  const edit = { kind: "append", path: stepsOf(path), value } as const;
  return editPart(at.policy, path, edit, `add ${entryWords(value)} to ${list} of ${ruleName(at)}`);
}

/** `{source: {principals: [a]}}` as `principals a`; a condition as its key with its values. */
export function entryWords(value: PlainValue): string {
  if (typeof value !== "object") return String(value);
  if (isList(value)) return value.map(entryWords).join(", ");
  const { key, ...others } = value;
  const parts = Object.entries(others).map(([name, each]) =>
    ["source", "operation"].includes(name) ? entryWords(each) : `${name} ${entryWords(each)}`,
  );
  return [...(typeof key === "string" ? [key] : []), ...parts].join(" ");
}

function isList(value: PlainValue): value is readonly PlainValue[] {
  return Array.isArray(value);
}
