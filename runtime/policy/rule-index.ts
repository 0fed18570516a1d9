import type { RequestFacts } from "../model/decision.ts";
import type { CompiledRule } from "../model/policy.ts";
import { pathOf, peerNames, type FactsTest } from "./clause.ts";
import { createPrefixIndex, type PrefixIndex } from "./prefix-index.ts";
import { bindRule } from "./rule.ts";
import { type KeyedAttribute, type RuleKey, waysToFind } from "./rule-keys.ts";

interface Entry {
  /** Place in the order of evaluation. */
  readonly at: number;
  readonly matches: FactsTest;
}

/** Rules by what must be true of a request for them to match. */
interface Shelf {
  readonly exact: ReadonlyMap<string, readonly Entry[]>;
  readonly prefix: PrefixIndex<Entry> | undefined;
  readonly namespace: ReadonlyMap<string, readonly Entry[]> | undefined;
  readonly account: ReadonlyMap<string, readonly Entry[]> | undefined;
}

/** Below this number of rules, looking for candidates costs more than trying all. */
const worthwhile = 8;

/**
 * The place of the first rule that matches a request, -1 when none does. Only rules that can match are tried: those found by the
 * request's peer, path, host, method or port, and those that no such key can find. The outcome is that of trying all in order.
 */
export function indexRules(rules: readonly CompiledRule[]): (facts: RequestFacts) => number {
  const entries = rules.map((rule, at): Entry => ({ at, matches: bindRule(rule) }));
  if (rules.length < worthwhile) return (facts) => firstOf(entries, facts, entries.length, -1);
  return bindIndex(rules, entries);
}

/** The first of the entries that matches, when it comes before `limit`. */
function firstOf(entries: readonly Entry[], facts: RequestFacts, limit: number, otherwise: number): number {
  for (const { at, matches } of entries) {
    if (at >= limit) break;
    if (matches(facts)) return at;
  }
  return otherwise;
}

function bindIndex(rules: readonly CompiledRule[], entries: readonly Entry[]): (facts: RequestFacts) => number {
  const everywhere: Entry[] = [];
  const keyed = new Map<KeyedAttribute, Map<RuleKey["kind"], Map<string, Entry[]>>>();
  const ways = rules.map(waysToFind);
  const crowd = countKeys(ways);
  for (const [at, entry] of entries.entries()) {
    const keys = best(ways[at] ?? [], crowd);
    if (keys === undefined) everywhere.push(entry);
    for (const { attribute, kind, value } of keys ?? []) {
      const list = inner(inner(keyed, attribute), kind);
      const known = list.get(value);
      if (known === undefined) list.set(value, [entry]);
      else if (known.at(-1) !== entry) known.push(entry);
    }
  }
  const peers = shelf(keyed.get("peer"));
  const paths = shelf(keyed.get("path"));
  const hosts = shelf(keyed.get("host"));
  const methods = shelf(keyed.get("method"));
  const ports = shelf(keyed.get("destination-port"));

  return (facts) => {
    const none = entries.length;
    let first = firstOf(everywhere, facts, none, none);
    const look = (found: readonly Entry[] | undefined): void => {
      if (found !== undefined) first = firstOf(found, facts, first, first);
    };
    if (peers !== undefined && facts.peer !== undefined) {
      for (const name of peerNames(facts.peer)) lookUp(peers, name, look);
    }
    if (paths !== undefined) lookUp(paths, pathOf(facts.path()), look);
    if (hosts !== undefined) lookUp(hosts, facts.authority().toLowerCase(), look);
    if (methods !== undefined) lookUp(methods, facts.method(), look);
    if (ports !== undefined) lookUp(ports, String(facts.destinationPort), look);
    return first === none ? -1 : first;
  };
}

function lookUp(shelf: Shelf, value: string, look: (found: readonly Entry[] | undefined) => void): void {
  look(shelf.exact.get(value));
  shelf.prefix?.each(value, look);
  const { namespace, account } = shelf;
  if (namespace === undefined && account === undefined) return;
  for (let at = value.indexOf("/ns/"); at >= 0; at = value.indexOf("/ns/", at + 1)) {
    const end = value.indexOf("/", at + 4);
    if (end < 0) return;
    const named = value.slice(at + 4, end);
    look(namespace?.get(named));
    if (account !== undefined) lookUpAccounts(account, value, named, end, look);
  }
}

/** Every account that stands behind a namespace, which ends at `from`. */
function lookUpAccounts(
  account: ReadonlyMap<string, readonly Entry[]>,
  value: string,
  namespace: string,
  from: number,
  look: (found: readonly Entry[] | undefined) => void,
): void {
  for (let at = value.indexOf("/sa/", from); at >= 0; at = value.indexOf("/sa/", at + 1)) {
    const end = value.indexOf("/", at + 4);
    look(account.get(`${namespace}/${value.slice(at + 4, end < 0 ? value.length : end)}`));
  }
}

function shelf(
  kinds: ReadonlyMap<RuleKey["kind"], ReadonlyMap<string, readonly Entry[]>> | undefined,
): Shelf | undefined {
  if (kinds === undefined) return undefined;
  const prefixes = kinds.get("prefix");
  return {
    exact: kinds.get("exact") ?? new Map(),
    prefix: prefixes === undefined ? undefined : createPrefixIndex(prefixes),
    namespace: kinds.get("namespace"),
    account: kinds.get("account"),
  };
}

function inner<K, L, V>(map: Map<K, Map<L, V>>, key: K): Map<L, V> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const fresh = new Map<L, V>();
  map.set(key, fresh);
  return fresh;
}

/** How many rules could be found by each key. */
function countKeys(ways: readonly (readonly (readonly RuleKey[])[])[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of ways.flat(2)) counts.set(textOf(key), (counts.get(textOf(key)) ?? 0) + 1);
  return counts;
}

/** The way whose keys are shared with the fewest other rules: what tells these rules apart. */
function best(
  ways: readonly (readonly RuleKey[])[],
  crowd: ReadonlyMap<string, number>,
): readonly RuleKey[] | undefined {
  let found: readonly RuleKey[] | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const keys of ways) {
    const cost = Math.max(0, ...keys.map((key) => crowd.get(textOf(key)) ?? 0));
    if (cost >= least) continue;
    found = keys;
    least = cost;
  }
  return found;
}

function textOf(key: RuleKey): string {
  return `${key.attribute} ${key.kind} ${key.value}`;
}
