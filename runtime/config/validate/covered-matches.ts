import { matchKey, matchName, ruleName } from "./rule-names.ts";
import type { HttpMatch, HttpRoute, StringMatch } from "./specs.ts";

/** A match by path prefix, its conditions as the text that Istio compares. */
interface PrefixMatch {
  readonly rule: { readonly index: number; readonly name: string };
  readonly name: string;
  readonly prefix: string;
  readonly port: number;
  readonly method: string;
  readonly authority: string;
  readonly maps: readonly Readonly<Record<string, string>>[];
}

export interface CoveredMatch {
  readonly rule: { readonly index: number };
  readonly match: string;
  /** The earlier match that takes its requests. */
  readonly by: string;
}

/** Prefix matches that a match with a shorter prefix and no stricter conditions stands before. */
export function coveredMatches(rules: readonly HttpRoute[]): readonly CoveredMatch[] {
  const matches = prefixMatches(rules);
  return matches.flatMap((earlier, index) =>
    matches
      .slice(index + 1)
      .filter((later) => later.prefix !== earlier.prefix && covers(earlier, later))
      .map((later) => ({
        rule: later.rule,
        match: `${later.name} of prefix ${later.prefix}`,
        by: `${earlier.name} of prefix ${earlier.prefix} on ${earlier.rule.name}`,
      })),
  );
}

/** Matches after a rule without any, and repetitions, are told of elsewhere. */
function prefixMatches(rules: readonly HttpRoute[]): readonly PrefixMatch[] {
  const found: PrefixMatch[] = [];
  const known = new Set<string>();
  for (const [index, rule] of rules.entries()) {
    const matches = rule.match ?? [];
    if (matches.length === 0) break;
    for (const [number, match] of matches.entries()) {
      const key = matchKey(match);
      if (known.has(key)) continue;
      known.add(key);
      const prefix = valueOf(match.uri).startsWith("prefix:") ? (match.uri?.prefix ?? "") : "";
      if (prefix === "") continue;
      found.push({
        rule: { index, name: ruleName(rule, index) },
        name: matchName(match, number),
        prefix,
        port: match.port ?? 0,
        method: valueOf(match.method) === "" ? "exact:GET" : valueOf(match.method),
        authority: valueOf(match.authority),
        maps: [texts(match.headers), texts(match.queryParams), texts(match.withoutHeaders)],
      });
    }
  }
  return found;
}

function covers(earlier: PrefixMatch, later: PrefixMatch): boolean {
  return (
    later.prefix.startsWith(earlier.prefix) &&
    later.port === earlier.port &&
    earlier.method.startsWith(later.method) &&
    earlier.authority.startsWith(later.authority) &&
    earlier.maps.every((map, index) => coversMap(map, later.maps[index] ?? {}))
  );
}

function coversMap(earlier: Readonly<Record<string, string>>, later: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(earlier);
  return (
    keys.length === Object.keys(later).length &&
    keys.every((key) => later[key] !== undefined && (earlier[key] ?? "").startsWith(later[key]))
  );
}

function texts(map: HttpMatch["headers"]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(map ?? {}).map(([key, text]) => [key, valueOf(text)]));
}

/** Regular expressions count as empty. */
function valueOf(text: StringMatch | undefined): string {
  if (text === undefined || text.regex !== undefined) return "";
  if ((text.prefix ?? "") !== "") return `prefix:${text.prefix ?? ""}`;
  return (text.exact ?? "") === "" ? "" : `exact:${text.exact ?? ""}`;
}
