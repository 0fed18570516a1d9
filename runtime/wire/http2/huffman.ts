import { ascii } from "../http1/characters.ts";

/**
 * How many bits the code of each byte has, in base 36, the end of string last (RFC 7541, appendix B). The code is canonical:
 * in the order of length and byte each is the one before plus one, so the lengths are all there is to say.
 */
const lengths =
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f56565666577666567655677777fbeds" +
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu";

const endOfString = 256;

/** One entry for each state (a node of the code's tree) and four bits of input: the next state, the byte that ended, and whether it may end here. */
const nextState = new Uint8Array(256 * 16);
const emitted = new Uint8Array(256 * 16);
const flags = new Uint8Array(256 * 16);
const emits = 1;
const mayEnd = 2;
const fails = 4;

/** A node: what a bit of 0 or of 1 leads to, a node (0 or more) or a symbol (-1 - symbol). */
type Node = [zero: number, one: number];

function tree(): readonly Node[] {
  const nodes: Node[] = [[0, 0]];
  const order = Array.from({ length: 257 }, (_, symbol) => symbol);
  const length = (symbol: number): number => Number.parseInt(lengths.charAt(symbol), 36);
  order.sort((a, b) => length(a) - length(b) || a - b);
  let code = 0;
  let bits = 0;
  for (const symbol of order) {
    code *= 2 ** (length(symbol) - bits);
    bits = length(symbol);
    let node = nodes[0];
    for (let bit = bits - 1; bit > 0 && node !== undefined; bit -= 1) {
      const side = (code >>> bit) & 1;
      if (node[side] === 0) node[side] = nodes.push([0, 0]) - 1;
      node = nodes[node[side] ?? 0];
    }
    if (node !== undefined) node[code & 1] = -1 - symbol;
    code += 1;
  }
  return nodes;
}

/** Padding is a beginning of the end of string, all ones, and shorter than a byte: only such states may be the last. */
function padding(nodes: readonly Node[]): ReadonlySet<number> {
  const ends = new Set([0]);
  let at = 0;
  for (let bits = 1; bits < 8; bits += 1) {
    at = nodes[at]?.[1] ?? 0;
    ends.add(at);
  }
  return ends;
}

function fill(): void {
  const nodes = tree();
  const ends = padding(nodes);
  for (let state = 0; state < nodes.length; state += 1) {
    for (let input = 0; input < 16; input += 1) {
      const at = state * 16 + input;
      let node = state;
      let flag = 0;
      for (let bit = 3; bit >= 0; bit -= 1) {
        const next: number = nodes[node]?.[(input >>> bit) & 1] ?? 0;
        if (next >= 0) node = next;
        else if (-1 - next === endOfString) flag |= fails;
        else {
          // No code is shorter than five bits: at most one ends within four.
          emitted[at] = -1 - next;
          flag |= emits;
          node = 0;
        }
      }
      nextState[at] = node;
      flags[at] = flag | (ends.has(node) ? mayEnd : 0);
    }
  }
}

fill();

/** Strings longer than this are decoded into memory of their own. */
const usual = 4096;
const scratch = Buffer.alloc(usual);

/** The text, one character per byte; undefined when it is no proper code: a wrong padding, or the end of string within. */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number): string | undefined {
  // The shortest code has five bits.
  const most = Math.ceil(((to - from) * 8) / 5);
  const out = most > usual ? Buffer.alloc(most) : scratch;
  let state = 0;
  let flag = mayEnd;
  let length = 0;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    for (let shift = 4; shift >= 0; shift -= 4) {
      const entry = state * 16 + ((byte >>> shift) & 15);
      flag = flags[entry] ?? 0;
      if ((flag & fails) !== 0) return undefined;
      if ((flag & emits) !== 0) {
        out[length] = emitted[entry] ?? 0;
        length += 1;
      }
      state = nextState[entry] ?? 0;
    }
  }
  return (flag & mayEnd) === 0 ? undefined : ascii(out, 0, length);
}
