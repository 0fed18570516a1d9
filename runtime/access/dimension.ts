import type { Attribute, Clause, Matcher } from "../model/policy.ts";
import { type Alphabet, alphabetOf } from "./characters.ts";
import { automatonOf } from "./automaton.ts";
import { exploreTexts, type Random } from "./explore.ts";
import type { Truths } from "./formula.ts";
import { type Language, languageOf, type LanguageOptions, setsOf } from "./language.ts";
import type { DimensionName, Predicate } from "./predicate.ts";
import type { SampleRequest } from "./sample.ts";
import type { Universe } from "./universe.ts";
import { wordsOf } from "./pattern-words.ts";

/** What values of one part of a request no policy tells apart. */
export interface Cell {
  /** What it settles; beyond its own dimension where there is nothing left to ask: no identity without TLS. */
  readonly truths: Truths;
  /** Which of the dimension's patterns match. */
  readonly held: readonly boolean[];
  /** How it is called when no pattern describes it: `plaintext`. */
  readonly label?: string;
  /** Without `random` always the same. */
  readonly sample: (random?: Random) => Partial<SampleRequest>;
}

export interface Dimension {
  readonly name: DimensionName;
  /** What policies ask of it, in words. */
  readonly patterns: readonly string[];
  readonly cells: readonly Cell[];
  /** False: so much is told apart that cells may be missing. */
  readonly complete: boolean;
}

/** How many combinations of patterns are followed, and how many lists of values of one header or claim. */
const limits = { states: 20_000, lists: 96 };

/** A question of a dimension: one value of some clauses, or several where only together they count. */
export interface Pattern {
  readonly words: string;
  readonly attribute: Attribute;
  readonly matchers: readonly Matcher[];
  /** What holds when it does. */
  readonly predicates: readonly Predicate[];
}

/** The values of all predicates, each once. */
export function patternsOf(predicates: readonly Predicate[]): readonly Pattern[] {
  return gather(predicates, (clause) => {
    const { values, matchers } = clause;
    // Trust domains make several matchers of one principal.
    if (values.length !== matchers.length) return [{ words: wordsOf(clause), matchers }];
    return matchers.map((matcher, at) => ({
      words: wordsOf({ ...clause, values: [values[at] ?? ""], matchers: [matcher] }),
      matchers: [matcher],
    }));
  });
}

/** All values of a clause as one question. */
export function wholePatternsOf(predicates: readonly Predicate[]): readonly Pattern[] {
  return gather(predicates, (clause) => [{ words: wordsOf(clause), matchers: clause.matchers }]);
}

function gather(
  predicates: readonly Predicate[],
  split: (clause: Clause) => readonly Pick<Pattern, "words" | "matchers">[],
): readonly Pattern[] {
  const groups = new Map<string, Pattern & { readonly predicates: Predicate[] }>();
  for (const predicate of predicates) {
    if (predicate.clause === undefined) continue;
    const { attribute } = predicate.clause;
    for (const part of split(predicate.clause)) {
      const key = JSON.stringify([attribute, part.matchers]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { ...part, attribute, predicates: [predicate] });
      else group.predicates.push(predicate);
    }
  }
  return [...groups.values()];
}

/** The truths of all predicates when these patterns hold: any of a predicate's patterns is enough. */
export function truthsOf(patterns: readonly Pattern[], held: readonly boolean[]): Truths {
  const truths = new Map<number, boolean>();
  for (const [index, { predicates }] of patterns.entries()) {
    for (const { id } of predicates) truths.set(id, truths.get(id) === true || held[index] === true);
  }
  return truths;
}

export interface TextCells {
  readonly cells: readonly {
    readonly held: readonly boolean[];
    readonly value: (random?: Random) => string;
  }[];
  readonly complete: boolean;
}

export interface TextRequest {
  readonly universe: Universe;
  readonly languages: readonly Language[];
  /** Values that make good examples, the best first. */
  readonly likely: readonly string[];
}

/** The cells of one text; examples that are likely go before the shortest. */
export function textCells({ universe, languages, likely }: TextRequest): TextCells {
  const alphabet = alphabetOf([...languages.flatMap(setsOf), ...universe.sets]);
  const space = universe.automaton(alphabet.symbols);
  const automata = languages.map((language) => automatonOf(language, alphabet.symbols));
  const { cells, complete } = exploreTexts(space, automata, alphabet, limits.states);
  const symbolOf = symbolTable(alphabet);
  const matches = (automaton: (typeof automata)[number], text: string): boolean => {
    let state = automaton.start;
    for (const character of text) {
      state = automaton.step(state, symbolOf.get(character) ?? -1);
      if (state < 0) return false;
    }
    return automaton.accepts(state);
  };
  const examples = likely.filter((text) => matches(space, text));
  return {
    complete,
    cells: cells.map(({ held, shortest, draw }) => {
      const example = examples.find((text) => automata.every((each, index) => matches(each, text) === held[index]));
      return { held, value: (random) => (random === undefined ? (example ?? shortest) : draw(random)) };
    }),
  };
}

function symbolTable({ members }: Alphabet): ReadonlyMap<string, number> {
  return new Map(members.flatMap((group, index) => group.map((character) => [character, index] as const)));
}

/** The language of everything that a pattern accepts. */
export function patternLanguage({ matchers }: Pattern, options?: LanguageOptions): Language {
  return matchers.flatMap((matcher) => languageOf(matcher, options));
}

/** A dimension over one text. */
export function textDimension(
  name: DimensionName,
  patterns: readonly Pattern[],
  request: TextRequest,
  part: (text: string) => Partial<SampleRequest>,
): Dimension {
  const { cells, complete } = textCells(request);
  return {
    name,
    patterns: patterns.map(({ words }) => words),
    complete,
    cells: cells.map(({ held, value }) => ({
      held,
      truths: truthsOf(patterns, held),
      sample: (random) => part(value(random)),
    })),
  };
}

/** A dimension over any number of texts, of which one that matches is enough: lines of a header, words of a claim. */
export function listDimension(
  name: DimensionName,
  patterns: readonly Pattern[],
  request: TextRequest,
  part: (texts: readonly string[]) => Partial<SampleRequest>,
): Dimension {
  const { cells, complete } = textCells(request);
  const lists = closeLists(
    [{ held: patterns.map(() => false), values: [] }],
    cells.map(({ held, value }) => ({ held, values: [value] })),
  );
  return {
    name,
    patterns: patterns.map(({ words }) => words),
    complete: complete && lists.length < limits.lists,
    cells: lists.map(({ held, values }) => ({
      held,
      truths: truthsOf(patterns, held),
      sample: (random) => part(values.map((value) => value(random))),
    })),
  };
}

export interface ValueList {
  readonly held: readonly boolean[];
  readonly values: readonly ((random?: Random) => string)[];
}

/** All that lists can match: each start with any of the values added; the shortest list for each. */
export function closeLists(starts: readonly ValueList[], values: readonly ValueList[]): readonly ValueList[] {
  const known = new Map<string, ValueList>();
  const queue: ValueList[] = [];
  const enter = (list: ValueList): void => {
    const key = list.held.join();
    if (known.has(key) || known.size >= limits.lists) return;
    known.set(key, list);
    queue.push(list);
  };
  for (const start of starts) enter(start);
  for (let at = 0; at < queue.length; at += 1) {
    const list = queue[at];
    if (list === undefined) break;
    for (const value of values) {
      enter({
        held: list.held.map((each, index) => each || value.held[index] === true),
        values: [...list.values, ...value.values],
      });
    }
  }
  return [...known.values()];
}
