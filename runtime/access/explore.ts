import type { Alphabet } from "./characters.ts";
import type { Automaton } from "./automaton.ts";

/** [0, 1) */
export type Random = () => number;

/** The texts of a universe that the same patterns match. */
export interface TextCell {
  /** Which of the patterns match. */
  readonly held: readonly boolean[];
  /** The shortest of them. */
  readonly shortest: string;
  /** Any of them. */
  readonly draw: (random: Random) => string;
}

export interface Explored {
  readonly cells: readonly TextCell[];
  /** False: there are more distinctions than `limit`, and cells may be missing. */
  readonly complete: boolean;
}

/**
 * Which sets of patterns can match one text, found by walking all automata at once: every combination that some text of the universe
 * has is reached, and no other.
 */
export function exploreTexts(
  universe: Automaton,
  patterns: readonly Automaton[],
  alphabet: Alphabet,
  limit: number,
): Explored {
  const automata = [universe, ...patterns];
  const states: (readonly number[])[] = [];
  const from: { readonly state: number; readonly symbol: number }[] = [];
  const edges: (readonly (readonly [symbol: number, state: number])[])[] = [];
  const ids = new Map<string, number>();
  let complete = true;
  const enter = (state: readonly number[], before: number, symbol: number): number | undefined => {
    const key = state.join(" ");
    const known = ids.get(key);
    if (known !== undefined) return known;
    if (states.length >= limit) {
      complete = false;
      return undefined;
    }
    ids.set(key, states.length);
    from.push({ state: before, symbol });
    return states.push(state) - 1;
  };
  enter(
    automata.map(({ start }) => start),
    -1,
    -1,
  );
  const accepting = new Map<string, number[]>();
  for (let at = 0; at < states.length; at += 1) {
    const state = states[at] ?? [];
    if (universe.accepts(state[0] ?? -1)) {
      const key = patterns.map((pattern, index) => (pattern.accepts(state[index + 1] ?? -1) ? "1" : "0")).join("");
      const list = accepting.get(key);
      if (list === undefined) accepting.set(key, [at]);
      else list.push(at);
    }
    edges.push(
      alphabet.symbols.flatMap((_, symbol) => {
        const next = automata.map((automaton, index) => {
          const here = state[index] ?? -1;
          return here < 0 ? -1 : automaton.step(here, symbol);
        });
        const entered = (next[0] ?? -1) < 0 ? undefined : enter(next, at, symbol);
        return entered === undefined ? [] : [[symbol, entered] as const];
      }),
    );
  }
  const wordTo = (end: number): string => {
    let word = "";
    for (let at = end; at > 0; at = from[at]?.state ?? 0) word = (alphabet.symbols[from[at]?.symbol ?? 0] ?? "") + word;
    return word;
  };
  const cells = [...accepting].map(([key, ends]): TextCell => {
    let distances: readonly number[] | undefined;
    return {
      held: Array.from(key, (bit) => bit === "1"),
      shortest: wordTo(ends[0] ?? 0),
      draw: (random) => {
        distances ??= distancesTo(ends, edges);
        return wander(distances, edges, alphabet, random);
      },
    };
  });
  return { cells, complete };
}

type Edges = readonly (readonly (readonly [symbol: number, state: number])[])[];

/** How many characters are missing from each state to one of the ends. */
function distancesTo(ends: readonly number[], edges: Edges): readonly number[] {
  const before: number[][] = edges.map(() => []);
  for (const [state, out] of edges.entries()) for (const [, next] of out) before[next]?.push(state);
  const distances = edges.map(() => Number.POSITIVE_INFINITY);
  const queue = [...ends];
  for (const end of ends) distances[end] = 0;
  for (let at = 0; at < queue.length; at += 1) {
    const state = queue[at] ?? 0;
    for (const each of before[state] ?? []) {
      if (distances[each] !== Number.POSITIVE_INFINITY) continue;
      distances[each] = (distances[state] ?? 0) + 1;
      queue.push(each);
    }
  }
  return distances;
}

/** A random walk to an end: at first wherever an end can still be reached, after some steps straight to it. */
function wander(distances: readonly number[], edges: Edges, alphabet: Alphabet, random: Random): string {
  let word = "";
  let state = 0;
  const detours = Math.floor(random() * 12);
  for (let length = 0; ; length += 1) {
    const distance = distances[state] ?? 0;
    if (distance === 0 && (length >= detours || random() < 0.3)) return word;
    const open = (edges[state] ?? []).filter(([, next]) =>
      length < detours ? distances[next] !== Number.POSITIVE_INFINITY : (distances[next] ?? 0) < distance,
    );
    const chosen = open[Math.floor(random() * open.length)];
    if (chosen === undefined) return word;
    const characters = alphabet.members[chosen[0]] ?? [];
    word += characters[Math.floor(random() * characters.length)] ?? "";
    state = chosen[1];
  }
}
