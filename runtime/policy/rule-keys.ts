import { assertNever } from "../core/assert-never.ts";
import type { Clause, ClauseGroup, CompiledRule, Matcher } from "../model/policy.ts";
import { literalHead } from "./template.ts";

/**
 * Something that must be true of a request for a rule to match, cheap to look up: a whole value, the beginning of one, or in a
 * peer's name a namespace, or a namespace with a service account (`<namespace>/<account>`).
 */
export interface RuleKey {
  readonly attribute: KeyedAttribute;
  readonly kind: "exact" | "prefix" | "namespace" | "account";
  readonly value: string;
}

export type KeyedAttribute = (typeof keyedAttributes)[number];

const keyedAttributes = ["peer", "path", "host", "method", "destination-port"] as const;

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
  return keyedAttributes.flatMap((attribute) => {
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
  const kind = keyedAttributes.find((each) => each === clause.attribute.kind);
  if (clause.negated || kind === undefined) return undefined;
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
      return accountKey(attribute, matcher.namespace, matcher.name);
    case "affix":
    case "suffix":
    case "present":
    case "trust-domain":
    case "cidr":
    case "port":
    case "request-principal":
    case "listed":
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

/** Both must stand in the name between slashes, the account last or before a slash; one with a slash in it is not looked for by name. */
function accountKey(attribute: KeyedAttribute, namespace: string, name: string): RuleKey | undefined {
  if (namespace.includes("/") || attribute !== "peer") return undefined;
  if (name.includes("/")) return namespaceKey(attribute, `/ns/${namespace}/`);
  return { attribute, kind: "account", value: `${namespace}/${name}` };
}
