import type { Dimension } from "./dimension.ts";

/** Some cells of a dimension in words: `/api/*, but not /api/admin`. Undefined: all of them. */
export function describeCells(dimension: Dimension, chosen: readonly number[]): string | undefined {
  const { cells } = dimension;
  if (chosen.length === cells.length) return undefined;
  const set = new Set(chosen);
  const hasRest = chosen.some((index) => isRest(dimension, index));
  if (!hasRest) return cover(dimension, set);
  const others = new Set(cells.keys().filter((index) => !set.has(index)));
  // Whoever does not call in plaintext has an identity.
  const plaintext = others.values().find((index) => cells[index]?.label === plaintextLabel);
  if (plaintext === undefined) return `any but ${cover(dimension, others, true)}`;
  others.delete(plaintext);
  return others.size === 0 ? "any identity" : `any identity but ${cover(dimension, others, true)}`;
}

export const plaintextLabel = "plaintext";

/** What no pattern matches: it can only be told by what it is not. */
export function isRest({ cells }: Dimension, index: number): boolean {
  const cell = cells[index];
  return cell !== undefined && cell.label === undefined && !cell.held.includes(true);
}

/** Whole patterns first, the widest before others; then what is left, cell by cell. */
function cover(dimension: Dimension, set: ReadonlySet<number>, isExcluded = false): string {
  const { cells, patterns } = dimension;
  const extents = patterns.map((_, at) => new Set(cells.keys().filter((index) => cells[index]?.held[at] === true)));
  const left = new Set(set);
  const texts: string[] = [];
  for (const index of set) {
    const label = cells[index]?.label;
    if (label === undefined) continue;
    texts.push(label);
    left.delete(index);
  }
  const whole = [...extents.entries()]
    .filter(([, extent]) => extent.size > 0 && extent.isSubsetOf(set))
    .toSorted(([, a], [, b]) => b.size - a.size);
  for (const [at, extent] of whole) {
    if (extent.isDisjointFrom(left)) continue;
    texts.push(patterns[at] ?? "");
    for (const index of extent) left.delete(index);
  }
  for (const index of left) texts.push(describeCell(dimension, extents, index, set));
  const distinct = [...new Set(texts)];
  const nested = isExcluded || distinct.length > 1;
  return distinct.map((text) => (nested && text.includes(" but ") ? `(${text})` : text)).join(", ");
}

/** The narrowest pattern, narrowed by others that match as well, then by some that do not, until nothing beyond `set` is meant. */
function describeCell(
  { cells, patterns }: Dimension,
  extents: readonly ReadonlySet<number>[],
  index: number,
  set: ReadonlySet<number>,
): string {
  const held = cells[index]?.held ?? [];
  const matching = [...extents.keys()]
    .filter((at) => held[at] === true)
    .toSorted((a, b) => (extents[a]?.size ?? 0) - (extents[b]?.size ?? 0));
  if (matching.length === 0) return "anything else";
  let meant: ReadonlySet<number> = new Set(cells.keys());
  const positive: string[] = [];
  for (const at of matching) {
    const narrower = meant.intersection(extents[at] ?? new Set());
    if (narrower.size === meant.size) continue;
    positive.push(patterns[at] ?? "");
    meant = narrower;
    if (meant.isSubsetOf(set)) break;
  }
  const negative: string[] = [];
  for (const [at, extent] of extents.entries()) {
    if (meant.isSubsetOf(set)) break;
    if (held[at] === true || extent.isDisjointFrom(meant)) continue;
    negative.push(patterns[at] ?? "");
    meant = meant.difference(extent);
  }
  const excluded = negative.map(alone).join(" or ");
  // What holds for every value narrows nothing.
  if (positive.length === 0) return negative.length === 0 ? "any" : `any but ${excluded}`;
  const whole = positive.map(alone).join(" and ");
  return negative.length === 0 ? whole : `${whole} but not ${excluded}`;
}

/** Several values of one clause. */
function alone(words: string): string {
  return words.includes(", ") ? `{${words}}` : words;
}
