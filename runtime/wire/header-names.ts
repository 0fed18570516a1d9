import type { HeaderNames } from "../model/header-edit.ts";

/** Names that are known beforehand, put in order once. */
export interface FixedNames {
  readonly names: ReadonlySet<string>;
  /** By length: one bit for each first letter. */
  readonly firsts: Int32Array;
}

const lengths = 64;
const letterA = 0x61;
const letterZ = 0x7a;

export function fixedNames(names: Iterable<string>): FixedNames {
  const set = new Set(names);
  const firsts = new Int32Array(lengths);
  for (const name of set)
    firsts[name.length % lengths] = (firsts[name.length % lengths] ?? 0) | bitOf(name.charCodeAt(0));
  return { names: set, firsts };
}

/** All that is no letter shares one bit. */
function bitOf(first: number): number {
  return 1 << (first >= letterA && first <= letterZ ? first - letterA : 26);
}

/** Fixed names and a few more. A class, because several are made for each request: sharing the fixed names, it costs one small object. */
export class GrowingNames implements HeaderNames {
  readonly #fixed: FixedNames;
  readonly #own: string[];

  constructor(fixed: FixedNames, own: string[] = []) {
    this.#fixed = fixed;
    this.#own = own;
  }

  has(name: string): boolean {
    return this.#fixed.names.has(name) || this.#own.includes(name);
  }

  mayHave(length: number, first: number): boolean {
    if (((this.#fixed.firsts[length % lengths] ?? 0) & bitOf(first)) !== 0) return true;
    for (const name of this.#own) if (name.length === length && name.charCodeAt(0) === first) return true;
    return false;
  }

  add(name: string): void {
    if (!this.#own.includes(name)) this.#own.push(name);
  }

  copy(): GrowingNames {
    return new GrowingNames(this.#fixed, [...this.#own]);
  }
}

export const noNames: FixedNames = fixedNames([]);

export function headerNames(names: Iterable<string>): HeaderNames {
  return new GrowingNames(fixedNames(names));
}

/** Both together, for rare occasions. */
export function withNames(names: HeaderNames, more: readonly string[]): HeaderNames {
  const others = headerNames(more);
  return {
    has: (name) => names.has(name) || others.has(name),
    mayHave: (length, first) => names.mayHave(length, first) || others.mayHave(length, first),
  };
}
