import type { PathNormalization } from "../model/mesh.ts";
import { type Automaton, automatonOf, lazyAutomaton } from "./automaton.ts";
import { type CharacterSet, charactersOf, only } from "./characters.ts";
import { type Language, literal, many, one, setsOf } from "./language.ts";

/** The texts that can stand in some part of a request. */
export interface Universe {
  readonly sets: readonly CharacterSet[];
  readonly automaton: (symbols: readonly string[]) => Automaton;
}

export function universeOf(language: Language): Universe {
  return { sets: setsOf(language), automaton: (symbols) => automatonOf(language, symbols) };
}

const visible = charactersOf("[!-~]");
const printable = charactersOf("[ -~]");
const notColon = charactersOf("[a-zA-Z0-9._-]");
const digit = charactersOf("[0-9]");

/** Without blanks at its ends; perhaps empty. */
export const headerTexts = universeOf([[], [one(visible)], [one(visible), many(printable), one(visible)]]);

/** Whatever JSON strings hold, as far as it is printable. */
export const claimTexts = universeOf([[many(printable)]]);

/** A word of a claim that is split at spaces. */
export const claimWords = universeOf([[], [one(visible), many(visible)]]);

/** A name or an IPv4 address, perhaps with a port. */
export const authorities = universeOf([
  [one(notColon), many(notColon)],
  [one(notColon), many(notColon), ...literal(":"), one(digit), many(digit)],
]);

/** As sidecars see it: in lower case. */
export const serverNames = universeOf([[one(charactersOf("[a-z0-9._-]")), many(charactersOf("[a-z0-9._-]"))]]);

/** SPIFFE ids that the mesh's CA gives to workloads (spec ID-1). */
export function identities(trustDomains: readonly string[]): Universe {
  const name = charactersOf("[a-z0-9.-]");
  return universeOf(
    [...new Set(trustDomains)].map((domain) => [
      ...literal(`spiffe://${domain}/ns/`),
      one(name),
      many(name),
      ...literal("/sa/"),
      one(name),
      many(name),
    ]),
  );
}

/** Tokens of RFC 9110 except CONNECT, which no policy ever sees. */
export const methods: Universe = (() => {
  const token = charactersOf("[!#$%&'*+.^_`|~0-9A-Za-z-]");
  return {
    sets: [token, ...Array.from("CONNECT", only)],
    automaton: (symbols) =>
      lazyAutomaton(
        symbols,
        "=",
        (state, symbol) => {
          if (!token(symbol)) return undefined;
          const text = state + symbol;
          return state !== "*" && "=CONNECT".startsWith(text) ? text : "*";
        },
        (state) => state !== "=" && state !== "=CONNECT",
      ),
  };
})();

const escapable = charactersOf('["<>^`{|}\\\\]');
const hexDigit = charactersOf("[0-9a-fA-F]");
const unreserved = /[A-Za-z0-9\-._~]/;

/**
 * What normalisation can make of a path (spec AP-70…AP-74), without its query unless a policy looks at that. `escapes`: whether some
 * policy writes a percent sign; otherwise one is like any other character.
 */
export function paths(mode: PathNormalization, escapes: boolean, query: boolean): Universe {
  const special = [
    ...["/", ".", "?", "#", " "].map(only),
    ...(escapes ? Array.from("%0123456789abcdefABCDEF", only) : [only("%")]),
    escapable,
  ];
  return {
    sets: special,
    automaton: (symbols) =>
      lazyAutomaton(
        symbols,
        "start",
        (state, symbol) => stepPath(state, symbol, { mode, escapes, query }),
        (state) => state !== "start" && !/^\.\.? /.test(state),
      ),
  };
}

interface PathRules {
  readonly mode: PathNormalization;
  readonly escapes: boolean;
  readonly query: boolean;
}

/** A state is `<what the segment is so far> <what follows a percent sign>`. */
function stepPath(state: string, symbol: string, { mode, escapes, query }: PathRules): string | undefined {
  if (symbol === " " || symbol === "#") return undefined;
  if (state === "query") return state;
  if (state === "start") return symbol === "/" ? "root " : undefined;
  if (state === "double") return undefined;
  const [part = "", escape = ""] = state.split(" ");
  if (symbol === "?") return query && !isDots(part) ? "query" : undefined;
  if (mode === "NONE") return symbol === "%" && !escapes ? undefined : "any ";
  if (escapable(symbol) || (symbol === "%" && !escapes)) return undefined;
  if (symbol === "/") {
    if (isDots(part)) return undefined;
    if (mode === "BASE" || (part !== "root" && part !== "empty")) return "empty ";
    // Nothing but slashes keeps two (errata security 5).
    return part === "root" ? "double" : undefined;
  }
  const next = nextPart(part, symbol);
  if (symbol === "%") return `${next} %`;
  if (!escape.startsWith("%") || !hexDigit(symbol)) return `${next} `;
  if (escape === "%") return `${next} %${symbol}`;
  const code = Number.parseInt(escape.slice(1) + symbol, 16);
  const decoded = String.fromCharCode(code);
  const isUnescaped = mode === "DECODE_AND_MERGE_SLASHES" && (decoded === "/" || decoded === "\\");
  return code === 0 || isUnescaped || unreserved.test(decoded) ? undefined : `${next} `;
}

function isDots(part: string): boolean {
  return part === "." || part === "..";
}

function nextPart(part: string, symbol: string): string {
  if (symbol !== ".") return "any";
  if (part === "root" || part === "empty") return ".";
  return part === "." ? ".." : "any";
}
