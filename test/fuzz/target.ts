import type { Random } from "./random.ts";

/** One thing that is fuzzed. `run` makes one input, checks every promise, throws where one is broken, and returns the class of the outcome for the counts. */
export interface Target {
  readonly name: string;
  /** Share of the inputs of a run. */
  readonly weight: number;
  /** Inputs of the short run, where one of them takes long. */
  readonly few?: number;
  readonly run: (random: Random) => string | Promise<string>;
}

/** What must be equal is compared as text: short to write, and exact. */
export function same(a: unknown, b: unknown, what: string, input: Buffer): void {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  if (left !== right) throw new Error(`${what}\n  input ${show(input)}\n  ${left}\n  ${right}`);
}

export function must(condition: boolean, what: string, input: Buffer): void {
  if (!condition) throw new Error(`${what}\n  input ${show(input)}`);
}

export function show(bytes: Buffer): string {
  return JSON.stringify(bytes.toString("latin1"));
}

/** Every prefix by one byte more, or a few cuts: the same bytes in pieces. */
export function everyByte(bytes: Buffer): readonly Buffer[] {
  return Array.from({ length: bytes.length }, (_, at) => bytes.subarray(at, at + 1));
}
