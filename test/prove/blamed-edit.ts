import { parseAllDocuments, stringify } from "yaml";
import type { Blame, BlamedClause } from "../../runtime/model/decision.ts";

/** The policies of a case as plain objects, edited in place by paths. */
type Values = readonly string[] | undefined;
type Fields = Record<string, Values>;
interface Rule {
  from?: { source: Fields }[];
  to?: { operation: Fields }[];
  when?: ({ key: string; values?: Values; notValues?: Values } | undefined)[];
}
interface Policy {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: { rules?: (Rule | undefined)[] };
}

/**
 * The YAML with exactly those clauses changed that are blamed: a rule that has to match takes in what the request has, or goes
 * without the clause where that is impossible; one that must not match asks for something else, or excepts what the request has.
 */
export function changeBlamed(yaml: string, blames: readonly Blame[]): string {
  const documents = parseAllDocuments(yaml).map((document): Policy => document.toJS());
  for (const blame of blames) {
    const policy = documents.find(({ kind, metadata: { name, namespace = "default" } }) => {
      return `${kind} ${namespace}/${name}` === blame.resource;
    });
    if (policy === undefined) throw new Error(`${blame.resource} is not in the case`);
    changeRule(policy, blame);
  }
  const kept = documents.filter(({ kind, spec }) => {
    if (kind !== "AuthorizationPolicy" || spec.rules === undefined) return true;
    spec.rules = spec.rules.filter((rule) => rule !== undefined);
    return spec.rules.length > 0;
  });
  return kept.map((document) => stringify(document, { singleQuote: true })).join("---\n");
}

function changeRule({ spec }: Policy, { rule: index, must, clauses }: Blame): void {
  if (index === null) {
    spec.rules = [{}];
    return;
  }
  const rules = spec.rules ?? [];
  const rule = rules[index];
  if (rule === undefined) throw new Error(`there is no rule ${index}`);
  // A rule that asks for nothing can only go.
  if (clauses.length === 0) rules[index] = undefined;
  for (const clause of clauses) changeClause(rule, clause, must);
  tidy(rule);
}

function changeClause(rule: Rule, clause: BlamedClause, must: Blame["must"]): void {
  const found = /^spec\.rules\[\d+\]\.(from|to|when)\[(\d+)\](?:\.(?:source|operation))?\.(\w+)$/.exec(clause.path);
  const [, part = "", place = "0", field = ""] = found ?? [];
  const at = Number(place);
  if (part === "when") {
    const condition = rule.when?.[at];
    if (condition === undefined) throw new Error(`there is no ${clause.path}`);
    if (field === "values" || field === "notValues") condition[field] = changed(condition[field], clause, must);
    return;
  }
  const fields = part === "from" ? rule.from?.[at]?.source : rule.to?.[at]?.operation;
  if (fields === undefined) throw new Error(`there is no ${clause.path}`);
  fields[field] = changed(fields[field], clause, must);
}

function changed(values: Values, { field, negated, actual, unusable }: BlamedClause, must: Blame["must"]): Values {
  const takesIn = (must === "match") !== negated;
  if (unusable === true) return undefined;
  if (!takesIn) return must === "match" ? undefined : [otherThan(field)];
  const one = actual === null || !canBeWritten(actual) ? undefined : actual;
  if (one !== undefined) return [...(values ?? []), one];
  if (must === "match") return undefined;
  throw new Error(`nothing can be excepted by ${field}: the request has ${actual ?? "nothing"}`);
}

/**
 * Several lines or words are told as one text, a star or a brace makes a pattern, some identities are none of Istio's, and a subject
 * with a slash would be read as a part of its issuer.
 */
function canBeWritten(actual: string): boolean {
  return actual !== "" && !/[*{},]|^https:\/\/[^/]+\/[^/]+\//.test(actual) && !actual.startsWith("spiffe://");
}

/** A value that no request of the generator has. */
function otherThan(field: string): string {
  if (/ipBlocks|\.ip$/i.test(field)) return "192.0.2.255";
  if (/ports|\.port$/i.test(field)) return "1";
  return /paths$/i.test(field) ? "/nobody/asks/for/this" : "nobody";
}

/** What has become empty says nothing, and validation would refuse it. */
function tidy(rule: Rule): void {
  const isEmpty = (fields: Fields): boolean => Object.values(fields).every((values) => (values ?? []).length === 0);
  const drop = (fields: Fields): void => {
    for (const [name, values] of Object.entries(fields)) if (values === undefined) Reflect.deleteProperty(fields, name);
  };
  for (const { source } of rule.from ?? []) drop(source);
  for (const { operation } of rule.to ?? []) drop(operation);
  if (rule.from?.some(({ source }) => isEmpty(source)) === true) delete rule.from;
  if (rule.to?.some(({ operation }) => isEmpty(operation)) === true) delete rule.to;
  rule.when = (rule.when ?? []).filter(
    (condition) => (condition?.values ?? []).length + (condition?.notValues ?? []).length > 0,
  );
}
