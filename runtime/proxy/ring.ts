/** The last records, in a fixed space: a bounded number of them, and a bounded number of bytes that they keep alive. */
export interface Ring<T> {
  readonly push: (item: T, bytes: number) => void;
  /** Oldest first. */
  readonly list: () => readonly T[];
  readonly size: () => number;
}

export function createRing<T>(capacity: number, maxBytes: number): Ring<T> {
  const items: (T | undefined)[] = Array.from({ length: capacity }, () => undefined);
  const weights = new Float64Array(capacity);
  let start = 0;
  let count = 0;
  let bytes = 0;

  function drop(): void {
    items[start] = undefined;
    bytes -= weights[start] ?? 0;
    start = (start + 1) % capacity;
    count -= 1;
  }

  return {
    push: (item, weight) => {
      while (count > 0 && (count === capacity || bytes + weight > maxBytes)) drop();
      const at = (start + count) % capacity;
      items[at] = item;
      weights[at] = weight;
      bytes += weight;
      count += 1;
    },
    list: () => {
      const out: T[] = [];
      for (let i = 0; i < count; i += 1) {
        const item = items[(start + i) % capacity];
        if (item !== undefined) out.push(item);
      }
      return out;
    },
    size: () => count,
  };
}
