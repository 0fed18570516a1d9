import type { JsonObject } from "../model/jwt.ts";
import { addressCells } from "./addresses.ts";
import { charactersOf } from "./characters.ts";
import {
  type Dimension,
  listDimension,
  type Pattern,
  patternLanguage,
  textCells,
  textDimension,
  truthsOf,
} from "./dimension.ts";
import { type Language, many, one } from "./language.ts";
import type { Surroundings } from "./partition.ts";
import type { DimensionName } from "./predicate.ts";
import type { GuardedPort, SampleRequest } from "./sample.ts";
import { authorities, claimTexts, claimWords, headerTexts, methods, paths, serverNames } from "./universe.ts";

const usualMethods = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"];

/** A dimension that depends on no other part of a request: all but caller and token. */
export function plainDimension(
  name: DimensionName,
  patterns: readonly Pattern[],
  sides: readonly GuardedPort[],
  surroundings: Surroundings,
): Dimension {
  const languages = patterns.map((pattern) => patternLanguage(pattern));
  const field = name.slice(name.indexOf(" ") + 1);
  if (name.startsWith("header ")) {
    const request = { universe: headerTexts, languages, likely: [] };
    // Where a token's claim is written into the header, what callers write is taken away.
    const [written] = sides
      .flatMap(({ inbound }) => inbound.jwt.flatMap(({ claimHeaders }) => claimHeaders))
      .filter(({ header }) => header === field);
    return listDimension(name, patterns, request, (lines) => ({
      headers: { [field]: lines },
      ...(written === undefined || lines.length === 0
        ? {}
        : { token: { kind: "accepted", claims: nested(written.claim.split("."), lines) } }),
    }));
  }
  if (name.startsWith("claim ")) return claimDimension(name, patterns, sides);
  switch (name) {
    case "source address":
      return addressDimension(name, patterns, surroundings, (sourceIp) => ({ sourceIp }));
    case "forwarded address":
      return addressDimension(name, patterns, surroundings, (address) => ({ headers: { [forwardedFor]: [address] } }));
    case "server name":
      return serverNameDimension(patterns, languages);
    case "method": {
      const request = { universe: methods, languages, likely: usualMethods };
      return textDimension(name, patterns, request, (method) => ({ method }));
    }
    case "path":
      return pathDimension(patterns, sides);
    default: {
      const request = { universe: authorities, languages: hostLanguages(patterns), likely: surroundings.hosts };
      return textDimension("host", patterns, request, (host) => ({ host }));
    }
  }
}

const forwardedFor = "x-forwarded-for";

const printable = charactersOf("[ -~]");

/** Hosts are compared in lower case, `:authority` as it is written (spec AP-30). */
function hostLanguages(patterns: readonly Pattern[]): readonly Language[] {
  return patterns.map((pattern) =>
    patternLanguage(pattern, { any: printable, ignoreCase: pattern.attribute.kind === "host" }),
  );
}

function addressDimension(
  name: DimensionName,
  patterns: readonly Pattern[],
  { addresses }: Surroundings,
  part: (address: string) => Partial<SampleRequest>,
): Dimension {
  const ranges = patterns.map(({ matchers }) => matchers);
  return {
    name,
    patterns: patterns.map(({ words }) => words),
    complete: true,
    cells: addressCells(ranges, addresses).map(({ held, value }) => ({
      held,
      truths: truthsOf(patterns, held),
      sample: (random) => part(value(random)),
    })),
  };
}

/** A caller may also send none; that counts as an empty one. */
function serverNameDimension(patterns: readonly Pattern[], languages: readonly Language[]): Dimension {
  const { cells, complete } = textCells({ universe: serverNames, languages, likely: [] });
  const absent = patterns.map(({ matchers }) =>
    matchers.some((matcher) => matcher.kind === "present" && !matcher.nonEmpty),
  );
  const named = cells.filter(({ held }) => held.join() !== absent.join());
  return {
    name: "server name",
    patterns: patterns.map(({ words }) => words),
    complete,
    cells: [
      { held: absent, truths: truthsOf(patterns, absent), sample: () => ({ sni: undefined }) },
      ...named.map(({ held, value }) => ({
        held,
        truths: truthsOf(patterns, held),
        sample: (random?: () => number) => ({ sni: value(random) }),
      })),
    ],
  };
}

const notQuery = charactersOf("[^?]");

/** Paths as they are after normalisation; with a query only where a policy looks at `:path`. */
function pathDimension(patterns: readonly Pattern[], sides: readonly GuardedPort[]): Dimension {
  const values = patterns.flatMap(({ predicates: [first] }) => first?.clause?.values ?? []);
  const escapes = values.some((value) => value.includes("%"));
  const isWhole = ({ attribute }: Pattern): boolean => attribute.kind === "header";
  const query = patterns.some(isWhole);
  const modes = new Set(sides.map(({ trust }) => trust.pathNormalization));
  const [mode] = modes;
  const universe = paths(mode === undefined || modes.size > 1 ? "NONE" : mode, escapes, query);
  const languages = patterns.map((pattern) => {
    const isAll = isWhole(pattern);
    const language = patternLanguage(pattern, { any: isAll ? printable : notQuery, ignoreCase: false });
    if (!query || isAll) return language;
    return [...language, ...language.map((tokens) => [...tokens, one(question), many(printable)])];
  });
  const likely = ["/", ...values.map((value) => value.replaceAll(/\{\*\*?\}/g, "x").replace(/^\*|\*$/g, ""))];
  return textDimension("path", patterns, { universe, languages, likely }, (path) => ({ path }));
}

const question = charactersOf("[?]");

function claimDimension(name: DimensionName, patterns: readonly Pattern[], sides: readonly GuardedPort[]): Dimension {
  const attribute = patterns[0]?.attribute;
  const path = attribute?.kind === "claim" ? attribute.path : [];
  const [root = ""] = path;
  const split = sides.flatMap(({ inbound }) => inbound.jwt.flatMap(({ spaceDelimited }) => spaceDelimited));
  const universe = path.length === 1 && split.includes(root) ? claimWords : claimTexts;
  return listDimension(
    name,
    patterns,
    { universe, languages: patterns.map((pattern) => patternLanguage(pattern)), likely: [] },
    (texts) => ({
      token: { kind: "accepted", claims: texts.length === 0 ? {} : nested(path, texts) },
    }),
  );
}

function nested(path: readonly string[], texts: readonly string[]): JsonObject {
  const [only = ""] = texts;
  const value = texts.length === 1 ? only : texts;
  const [name = "", ...rest] = path;
  return { [name]: rest.length === 0 ? value : nested(rest, texts) };
}
