import type { Matcher } from "../model/policy.ts";
import { inRange, parseAddress, parseRange } from "../policy/address.ts";
import type { Random } from "./explore.ts";

/** Addresses that the same ranges contain. */
export interface AddressCell {
  readonly held: readonly boolean[];
  readonly value: (random?: Random) => string;
}

interface Interval {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly last: bigint;
}

/** `patterns`: lists of CIDRs. All IPv4 and IPv6 addresses are in exactly one cell; `likely`: addresses that make good examples. */
export function addressCells(
  patterns: readonly (readonly Matcher[])[],
  likely: readonly string[],
): readonly AddressCell[] {
  const ranges = patterns.map((matchers) =>
    matchers.flatMap((matcher) => {
      const range = matcher.kind === "cidr" ? parseRange(matcher.value) : undefined;
      return range === undefined ? [] : [range];
    }),
  );
  const heldBy = (address: string): readonly boolean[] => {
    const words = parseAddress(address);
    return ranges.map((list) => words !== undefined && list.some((range) => inRange(range, words)));
  };
  const groups = new Map<string, { held: readonly boolean[]; intervals: Interval[] }>();
  for (const bits of [32, 128] as const) {
    const starts = new Set([0n]);
    const end = 1n << BigInt(bits);
    for (const { words, masks } of ranges.flat()) {
      if (words.length * 32 !== bits) continue;
      const first = numberOf(words);
      starts.add(first).add(first + (end - 1n - numberOf(masks)) + 1n);
    }
    const sorted = [...starts].filter((start) => start < end).toSorted((a, b) => (a < b ? -1 : 1));
    for (const [at, first] of sorted.entries()) {
      const held = heldBy(addressText(first, bits));
      const key = held.join();
      const interval = { bits, first, last: (sorted[at + 1] ?? end) - 1n };
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { held, intervals: [interval] });
      else group.intervals.push(interval);
    }
  }
  return Array.from(groups, ([key, { held, intervals }]) => {
    const example = likely.find((address) => heldBy(address).join() === key);
    return {
      held,
      value: (random) => (random === undefined ? (example ?? middleOf(intervals[0])) : draw(intervals, random)),
    };
  });
}

function numberOf(words: readonly number[]): bigint {
  return words.reduce((sum, word) => (sum << 32n) | BigInt(word >>> 0), 0n);
}

/** Not the network's own address, where there is a choice. */
function middleOf(interval: Interval | undefined): string {
  if (interval === undefined) return "0.0.0.0";
  const { first, last, bits } = interval;
  return addressText(first < last ? first + 1n : first, bits);
}

function draw(intervals: readonly Interval[], random: Random): string {
  const interval = intervals[Math.floor(random() * intervals.length)];
  if (interval === undefined) return "0.0.0.0";
  const { first, last, bits } = interval;
  const size = last - first + 1n;
  const offset = (BigInt(Math.floor(random() * 2 ** 52)) * size) >> 52n;
  return addressText(first + offset, bits);
}

function addressText(value: bigint, bits: 32 | 128): string {
  const size = bits === 32 ? 8n : 16n;
  const parts = bits === 32 ? 4 : 8;
  const texts = Array.from({ length: parts }, (_, index) =>
    ((value >> (size * BigInt(parts - 1 - index))) & ((1n << size) - 1n)).toString(bits === 32 ? 10 : 16),
  );
  return texts.join(bits === 32 ? "." : ":");
}
