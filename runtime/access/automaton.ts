import type { Language } from "./language.ts";

/** A deterministic automaton over the symbols of an alphabet, made as far as it is asked for. */
export interface Automaton {
  readonly start: number;
  /** The state behind a symbol; -1: nothing that begins so is accepted. */
  readonly step: (state: number, symbol: number) => number;
  readonly accepts: (state: number) => boolean;
}

/** States by their key, each step found out once. `next` gives undefined where nothing is accepted any more. */
export function lazyAutomaton(
  symbols: readonly string[],
  start: string,
  next: (state: string, symbol: string) => string | undefined,
  accepts: (state: string) => boolean,
): Automaton {
  const keys: string[] = [];
  const ids = new Map<string, number>();
  const steps: (number | undefined)[][] = [];
  const idOf = (key: string): number => {
    const known = ids.get(key);
    if (known !== undefined) return known;
    ids.set(key, keys.length);
    steps.push([]);
    return keys.push(key) - 1;
  };
  return {
    start: idOf(start),
    step: (state, symbol) => {
      const row = steps[state];
      if (row === undefined) return -1;
      const known = row[symbol];
      if (known !== undefined) return known;
      const key = next(keys[state] ?? "", symbols[symbol] ?? "");
      const found = key === undefined ? -1 : idOf(key);
      row[symbol] = found;
      return found;
    },
    accepts: (state) => state >= 0 && accepts(keys[state] ?? ""),
  };
}

/** The subset construction; a state is the list of places in the language where a text may have come to. */
export function automatonOf(language: Language, symbols: readonly string[]): Automaton {
  const tokens = language.flatMap((sequence) => [...sequence, undefined]);
  const starts: number[] = [];
  let at = 0;
  for (const sequence of language) {
    starts.push(at);
    at += sequence.length + 1;
  }
  /** A token that repeats may also be passed by. */
  const close = (places: Iterable<number>): string => {
    const all = new Set<number>();
    for (const place of places) {
      for (let here = place; !all.has(here); here += 1) {
        all.add(here);
        if (tokens[here]?.repeats !== true) break;
      }
    }
    return [...all].toSorted((a, b) => a - b).join(" ");
  };
  const placesOf = (key: string): readonly number[] => (key === "" ? [] : key.split(" ").map(Number));
  return lazyAutomaton(
    symbols,
    close(starts),
    (key, symbol) => {
      const reached = placesOf(key).flatMap((place) => {
        const token = tokens[place];
        if (token === undefined || !token.set(symbol)) return [];
        return [token.repeats ? place : place + 1];
      });
      return reached.length === 0 ? undefined : close(reached);
    },
    (key) => placesOf(key).some((place) => tokens[place] === undefined),
  );
}
