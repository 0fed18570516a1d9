import type { Random } from "./random.ts";
import { lines, numbers, tokens } from "./seeds.ts";

type Mutation = (text: string, random: Random, seeds: readonly [string, ...(readonly string[])]) => string;

function cutAt(text: string, at: number, what: string, drop = 0): string {
  return text.slice(0, at) + what + text.slice(at + drop);
}

function place(text: string, random: Random): number {
  return random.below(text.length + 1);
}

/** Start of a random line. */
function lineStart(text: string, random: Random): number {
  const lf = text.indexOf("\n", place(text, random));
  return lf === -1 ? 0 : lf + 1;
}

/** The random line from its start to behind its end. */
function lineRange(text: string, random: Random): readonly [number, number] {
  const from = lineStart(text, random);
  const lf = text.indexOf("\n", from);
  return [from, lf === -1 ? text.length : lf + 1];
}

const mutations: readonly [Mutation, ...(readonly Mutation[])] = [
  (text, random) => cutAt(text, place(text, random), random.pick(tokens)),
  (text, random) => cutAt(text, place(text, random), "", 1 + random.below(8)),
  (text, random) => cutAt(text, place(text, random), String.fromCharCode(random.below(256)), 1),
  (text, random) => cutAt(text, place(text, random), String.fromCharCode(random.below(256))),
  // One bit of one byte.
  (text, random) => {
    const at = random.below(Math.max(1, text.length));
    return cutAt(text, at, String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << random.below(8))), 1);
  },
  // A header line more, at a line's start.
  (text, random) => cutAt(text, lineStart(text, random), `${random.pick(lines)}\r\n`),
  (text, random) => cutAt(text, lineStart(text, random), `${random.pick(lines)}\r\n`),
  // A line twice, a line away, two lines changed.
  (text, random) => {
    const [from, to] = lineRange(text, random);
    return cutAt(text, lineStart(text, random), text.slice(from, to));
  },
  (text, random) => {
    const [from, to] = lineRange(text, random);
    return text.slice(0, from) + text.slice(to);
  },
  // Another number in the place of one.
  (text, random) => {
    const found = [...text.matchAll(/[0-9A-Fa-f]+/g)];
    const one = found[random.below(Math.max(1, found.length))];
    return one === undefined ? text : cutAt(text, one.index, random.pick(numbers), one[0].length);
  },
  // Line ends: CRLF to LF, LF to CR, a fold.
  (text, random) => {
    const lf = text.indexOf("\n", place(text, random));
    const crlf = lf > 0 && text[lf - 1] === "\r";
    return lf === -1
      ? text
      : cutAt(text, crlf ? lf - 1 : lf, random.pick(["\n", "\r", "\r\n ", "\r\n\t", "\n "]), crlf ? 2 : 1);
  },
  // The other letter case.
  (text, random) => {
    const at = place(text, random);
    const part = text.slice(at, at + 1 + random.below(12));
    return cutAt(text, at, random.oneIn(2) ? part.toUpperCase() : part.toLowerCase(), part.length);
  },
  // A piece of the same message, or of another one.
  (text, random) => {
    const at = place(text, random);
    return cutAt(text, place(text, random), text.slice(at, at + 1 + random.below(40)));
  },
  (text, random, seeds) => {
    const other = random.pick(seeds);
    return text.slice(0, place(text, random)) + other.slice(place(other, random));
  },
  // Another message behind it.
  (text, random, seeds) => text + random.pick(seeds),
  (text, random) => text.slice(0, place(text, random)),
  (text, random) =>
    cutAt(text, place(text, random), random.pick(["x", " ", "\t", "0", "a,", "\r\n"]).repeat(1 + random.below(80))),
];

/** A seed with some changes; a few stay as they are. */
export function mutate(seeds: readonly [string, ...(readonly string[])], random: Random): string {
  let text = random.pick(seeds);
  for (let left = random.below(6); left > 0; left -= 1) text = random.pick(mutations)(text, random, seeds);
  return text;
}

/** The bytes cut into up to `most` pieces. */
export function cut(bytes: Buffer, random: Random, most = 6): readonly Buffer[] {
  const places = Array.from({ length: random.below(most) }, () => random.below(bytes.length + 1)).toSorted(
    (a, b) => a - b,
  );
  return [...places, bytes.length].map((to, at) => bytes.subarray(places[at - 1] ?? 0, to));
}
