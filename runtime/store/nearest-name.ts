/** Of `known`, the names at most two edits away from `name`, nearest first: for "did you mean". */
export function nearestNames(name: string, known: readonly string[]): readonly string[] {
  return known
    .map((each) => ({
      name: each,
      edits: each.startsWith(name) || name.startsWith(each) ? 1 : distance(each, name),
    }))
    .filter((candidate) => candidate.edits <= 2 && 2 * candidate.edits <= name.length)
    .toSorted((a, b) => a.edits - b.edits)
    .map((candidate) => candidate.name)
    .slice(0, 3);
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
