/** Finds every prefix of a text among many, with a few comparisons. */
export interface PrefixIndex<T> {
  /** Calls back with the entries of each prefix of `text`, longest first. */
  readonly each: (text: string, take: (entries: readonly T[]) => void) => void;
}

interface Node<T> {
  readonly prefix: string;
  readonly entries: readonly T[];
  /** Place of the longest other prefix that this one begins with; -1: none. */
  readonly parent: number;
}

/**
 * In order of code units, whatever stands between a prefix of the text and the text begins with that prefix too. So the last
 * entry that is not behind the text, and the entries it begins with, are all that can be prefixes of it.
 */
export function createPrefixIndex<T>(entries: ReadonlyMap<string, readonly T[]>): PrefixIndex<T> {
  const nodes: Node<T>[] = [];
  for (const prefix of [...entries.keys()].toSorted(byCodeUnits)) {
    let parent = nodes.length - 1;
    while (parent >= 0 && !prefix.startsWith(nodes[parent]?.prefix ?? "")) parent = nodes[parent]?.parent ?? -1;
    nodes.push({ prefix, entries: entries.get(prefix) ?? [], parent });
  }

  return {
    each: (text, take) => {
      let low = 0;
      let high = nodes.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((nodes[middle]?.prefix ?? "") <= text) low = middle + 1;
        else high = middle;
      }
      for (let node = nodes[low - 1]; node !== undefined; node = nodes[node.parent]) {
        if (text.startsWith(node.prefix)) take(node.entries);
      }
    },
  };
}

function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
