import type { JsonObject } from "../model/jwt.ts";
import type { Matcher } from "../model/policy.ts";
import {
  type Cell,
  closeLists,
  type Dimension,
  type Pattern,
  patternLanguage,
  textCells,
  type ValueList,
} from "./dimension.ts";
import { bindMatcher } from "../policy/matcher.ts";
import { type Language, languageOf } from "./language.ts";
import type { Predicate } from "./predicate.ts";
import type { GuardedPort, SampleRequest, SampleToken } from "./sample.ts";
import { seenBy } from "./sample.ts";
import { claimTexts } from "./universe.ts";

export interface TokenRequest {
  readonly sides: readonly GuardedPort[];
  /** Questions about issuer, subject and audiences. */
  readonly patterns: readonly Pattern[];
  /** Per side that verifies tokens: whether one was accepted, and whether it was refused. */
  readonly outcomes: readonly Predicate[];
  /** Questions about other claims, which only an accepted token has. */
  readonly claims: readonly Predicate[];
  readonly base: SampleRequest;
}

/** No token, one that is refused, or an accepted one of some issuer, with all that is asked of its issuer, subject and audiences. */
export function tokenDimension(request: TokenRequest): Dimension {
  const { sides, patterns, outcomes, claims, base } = request;
  const own = [...patterns.flatMap(({ predicates }) => predicates), ...outcomes];
  const known = new Map<string, Cell>();
  let complete = true;
  const enter = (token: SampleToken, label: string | undefined, drawn: Cell["sample"]): void => {
    const seen = sides.map((port) => seenBy(port, { ...base, token }));
    const holds = (predicate: Predicate): boolean => {
      const side = seen[predicate.side];
      return side !== undefined && predicate.holds(side);
    };
    const truths = new Map(own.map((each) => [each.id, holds(each)] as const));
    const key = [...truths.values()].join();
    if (known.has(key)) return;
    // Without a token that counts there is nothing more to ask.
    for (const each of claims) if (seen[each.side]?.token !== "accepted") truths.set(each.id, false);
    const held = patterns.map(({ predicates }) => predicates.some(holds));
    known.set(key, { held, truths, ...(label === undefined ? {} : { label }), sample: drawn });
  };
  enter({ kind: "none" }, "no token", () => ({ token: { kind: "none" } }));
  enter({ kind: "refused" }, "a token that is refused", () => ({ token: { kind: "refused" } }));
  for (const issuer of issuersOf(sides)) {
    const subjects = subjectCells(patterns, issuer);
    const audiences = audienceLists(sides, patterns, issuer);
    complete &&= subjects.complete && audiences.complete;
    for (const subject of subjects.cells) {
      for (const { values } of audiences.lists) {
        const draw: Cell["sample"] = (random) => {
          const sub = subject.value(random);
          const aud = values.map((value) => value(random));
          return { token: { kind: "accepted", claims: claimsOf(issuer, sub, aud) } };
        };
        const { token } = draw();
        if (token !== undefined) enter(token, patterns.length === 0 ? "an accepted token" : undefined, draw);
      }
    }
  }
  return { name: "token", patterns: patterns.map(({ words }) => words), cells: [...known.values()], complete };
}

function claimsOf(iss: string, sub: string | undefined, aud: readonly string[]): JsonObject {
  return {
    iss,
    ...(sub === undefined ? {} : { sub }),
    ...(aud.length === 0 ? {} : { aud: aud.length === 1 ? (aud[0] ?? "") : aud }),
  };
}

function issuersOf(sides: readonly GuardedPort[]): readonly string[] {
  const named = sides.flatMap(({ inbound }) => inbound.jwt.map(({ issuer }) => issuer));
  return [...new Set(named.map((issuer) => (issuer === "" ? "https://any.example" : issuer)))];
}

function claimPatterns(patterns: readonly Pattern[], name: string): readonly Language[] {
  return patterns.flatMap((pattern) => {
    const { attribute } = pattern;
    return attribute.kind === "claim" && attribute.path[0] === name ? [patternLanguage(pattern)] : [];
  });
}

function subjectCells(
  patterns: readonly Pattern[],
  issuer: string,
): {
  readonly cells: readonly { readonly value: (random?: () => number) => string | undefined }[];
  readonly complete: boolean;
} {
  const languages = patterns.flatMap(({ attribute, matchers }) =>
    attribute.kind === "request-principal" ? [principalLanguage(matchers, issuer)] : [],
  );
  const all = [...languages, ...claimPatterns(patterns, "sub")];
  const { cells, complete } = textCells({ universe: claimTexts, languages: all, likely: ["alice"] });
  return { cells: [...cells, { value: () => undefined }], complete };
}

/** Subjects of tokens of one issuer that request principals accept. */
function principalLanguage(matchers: readonly Matcher[], issuer: string): Language {
  return matchers.flatMap((matcher) =>
    matcher.kind === "request-principal" && bindMatcher(matcher.issuer)(issuer) ? languageOf(matcher.subject) : [],
  );
}

/** Lists of audiences that at least one rule of the issuer takes. */
function audienceLists(
  sides: readonly GuardedPort[],
  patterns: readonly Pattern[],
  issuer: string,
): { readonly lists: readonly Pick<ValueList, "values">[]; readonly complete: boolean } {
  const rules = sides
    .flatMap(({ inbound }) => inbound.jwt)
    .filter((rule) => rule.issuer === "" || rule.issuer === issuer);
  const required = [...new Set(rules.flatMap(({ audiences }) => audiences))];
  const isFree = rules.some(({ audiences }) => audiences.length === 0);
  const languages = claimPatterns(patterns, "aud");
  const { cells, complete } = textCells({ universe: claimTexts, languages, likely: required });
  const lists = cells.map(({ held, value }): ValueList => ({ held, values: [value] }));
  const none: ValueList = { held: languages.map(() => false), values: [] };
  const written = required.flatMap((each) => [[each], [`https://${each}`], [`http://${each}`], [`${each}/`]]);
  const starts = [...written, ...(required.length > 1 ? [required] : [])].map((texts): ValueList => ({
    held: [],
    values: texts.map((text) => () => text),
  }));
  const closed = (isFree ? [none] : [])
    .concat(starts)
    .flatMap((start) => closeLists([{ ...start, held: none.held }], lists));
  return { lists: closed, complete };
}
