import { assertNever } from "../core/assert-never.ts";
import type { Clause, ClauseGroup, CompiledRule, Matcher } from "../model/policy.ts";
import { literalHead } from "./template.ts";

/**
 * Something that must be true of a request for a rule to match, cheap to look up: a whole value, the beginning of one, or a
 * namespace in a peer's name.
 */
export interface RuleKey {
  readonly attribute: KeyedAttribute;
  readonly kind: "exact" | "prefix" | "namespace";
  readonly value: string;
}

export type KeyedAttribute = "peer" | "path" | "host" | "destination-port";

/**
 * The ways in which a rule can be found: of each list at least one key is true of every request that the rule matches. No list: the
 * rule has to be tried on every request. An empty list: it matches none.
 */
export function waysToFind(rule: CompiledRule): readonly (readonly RuleKey[])[] {
  const ways = [...waysOfGroups(rule.from), ...waysOfGroups(rule.to)];
  for (const clause of rule.when) {
    const keys = keysOf(clause);
    if (keys !== undefined) ways.push(keys);
  }
  return ways;
}

/** Any group may match, so a way must lead through every group. */
function waysOfGroups(groups: readonly ClauseGroup[]): readonly (readonly RuleKey[])[] {
  if (groups.length === 0) return [];
  const attributes: readonly KeyedAttribute[] = ["peer", "path", "host", "destination-port"];
  return attributes.flatMap((attribute) => {
    const keys: RuleKey[] = [];
    for (const group of groups) {
      const found = keysOfGroup(group, attribute);
      if (found === undefined) return [];
      keys.push(...found);
    }
    return [keys];
  });
}

/** Every clause of a group must hold: the shortest list of keys will do. */
function keysOfGroup(group: ClauseGroup, attribute: KeyedAttribute): readonly RuleKey[] | undefined {
  let best: readonly RuleKey[] | undefined;
  for (const clause of group.clauses) {
    if (clause.attribute.kind !== attribute) continue;
    const keys = keysOf(clause);
    if (keys !== undefined && (best === undefined || keys.length < best.length)) best = keys;
  }
  return best;
}

/** Undefined: the clause can hold without any of a known set of keys. */
function keysOf(clause: Clause): readonly RuleKey[] | undefined {
  const { kind } = clause.attribute;
  if (clause.negated || (kind !== "peer" && kind !== "path" && kind !== "host" && kind !== "destination-port"))
    return undefined;
  const keys: RuleKey[] = [];
  for (const matcher of clause.matchers) {
    const key = keyOf(matcher, kind);
    if (key === undefined) return undefined;
    if (key !== "never") keys.push(key);
  }
  return keys;
}

function keyOf(matcher: Matcher, attribute: KeyedAttribute): RuleKey | "never" | undefined {
  if (attribute === "destination-port")
    return matcher.kind === "port" ? { attribute, kind: "exact", value: String(matcher.value) } : undefined;
  switch (matcher.kind) {
    case "exact":
    case "prefix":
      return { attribute, kind: matcher.kind, value: matcher.value };
    case "template": {
      const head = literalHead(matcher.value);
      return head === undefined ? "never" : { attribute, kind: "prefix", value: head };
    }
    case "sequence":
      return namespaceKey(attribute, matcher.parts.length === 1 ? matcher.parts[0] : undefined);
    case "service-account":
      return namespaceKey(attribute, `/ns/${matcher.namespace}/`);
    case "affix":
    case "suffix":
    case "present":
    case "trust-domain":
    case "cidr":
    case "port":
    case "never":
      return undefined;
    default:
      return assertNever(matcher);
  }
}

/** `/ns/<namespace>/`, as it must stand in the name. */
function namespaceKey(attribute: KeyedAttribute, text: string | undefined): RuleKey | undefined {
  const value = text === undefined ? undefined : /^\/ns\/([^/]*)\/$/.exec(text)?.[1];
  return value === undefined || attribute !== "peer" ? undefined : { attribute, kind: "namespace", value };
}
