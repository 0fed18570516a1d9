import { assertNever } from "../core/assert-never.ts";
import type { Matcher } from "../model/policy.ts";
import { bindTemplate } from "../policy/template.ts";
import { anything, type CharacterSet, charactersOf, eitherCase, only } from "./characters.ts";

/** One character of a set, or any number of them. */
export interface Token {
  readonly set: CharacterSet;
  readonly repeats: boolean;
}

/** The texts that one of these sequences describes; no sequence: none. */
export type Language = readonly (readonly Token[])[];

export interface LanguageOptions {
  /** What a star stands for; a path's ends at its query. */
  readonly any: CharacterSet;
  readonly ignoreCase: boolean;
}

const plain: LanguageOptions = { any: anything, ignoreCase: false };
const segment = charactersOf("[a-zA-Z0-9\\-._~%!$&'()*+,;:@=]");
const segments = charactersOf("[a-zA-Z0-9\\-._~%!$&'()*+,;:@=/]");
const notSlash = charactersOf("[^/]");
const scheme = "spiffe://";

export function one(set: CharacterSet): Token {
  return { set, repeats: false };
}

export function many(set: CharacterSet): Token {
  return { set, repeats: true };
}

export function literal(text: string, ignoreCase = false): readonly Token[] {
  return Array.from(text, (character) => one(ignoreCase ? eitherCase(character) : only(character)));
}

/** What a matcher over one text accepts, as `bindMatcher` tests it. */
export function languageOf(matcher: Matcher, options: LanguageOptions = plain): Language {
  const text = (value: string): readonly Token[] => literal(value, options.ignoreCase);
  const rest = many(options.any);
  const some = [one(options.any), rest];
  switch (matcher.kind) {
    case "exact":
      return [text(matcher.value)];
    case "prefix":
      return [[...text(matcher.value), rest]];
    case "suffix":
      return [[rest, ...text(matcher.value)]];
    case "present":
      return [matcher.nonEmpty ? some : [rest]];
    case "affix":
      return [[...text(matcher.prefix), rest, ...text(matcher.suffix)]];
    case "sequence":
      return [[rest, ...matcher.parts.flatMap((part) => [...text(part), rest])]];
    case "service-account": {
      const head = [...text(scheme), ...some, ...text(`/ns/${matcher.namespace}/`)];
      const account = text(`sa/${matcher.name}`);
      return [[], [...some, ...text("/")]].flatMap((between) =>
        [[], [...text("/"), ...some]].map((behind) => [...head, ...between, ...account, ...behind]),
      );
    }
    case "trust-domain":
      return [[...text(scheme + matcher.before), many(notSlash), ...text(`${matcher.after}/`), rest]];
    case "template":
      return templateLanguage(matcher.value);
    case "cidr":
    case "port":
    case "request-principal":
    case "listed":
      return [];
    default:
      return assertNever(matcher);
  }
}

function templateLanguage(value: string): Language {
  if (bindTemplate(value) === undefined) return [];
  return [
    value
      .slice(1)
      .split("/")
      .flatMap((part) => {
        if (part === "{*}") return [...literal("/"), one(segment), many(segment)];
        return part === "{**}" ? [...literal("/"), many(segments)] : literal(`/${part}`);
      }),
  ];
}

export function setsOf(language: Language): readonly CharacterSet[] {
  return language.flatMap((tokens) => tokens.map(({ set }) => set));
}
