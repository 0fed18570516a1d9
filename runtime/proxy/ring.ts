/**
 * Places for the last records in a fixed space: a bounded number of slots, and for each slot a piece of a bounded range of bytes.
 * Both are used in a circle, at the cost of the oldest.
 */
export interface Ring {
  /** The next slot, with so many bytes in one piece; -1: more than there is. */
  readonly claim: (bytes: number) => number;
  /** Where the bytes of a slot begin. */
  readonly offset: (slot: number) => number;
  /** Gives back what the newest slot does not need of its bytes. */
  readonly shrink: (bytes: number) => void;
  /** Slots in use, oldest first. */
  readonly slots: () => readonly number[];
  /** The places of what is kept, counted since the beginning; `end` is the place of what comes next. */
  readonly range: () => { readonly first: number; readonly end: number };
  /** The slot at such a place; undefined: it was used again since. */
  readonly slotAt: (place: number) => number | undefined;
}

export function createRing(capacity: number, size: number, onDrop: (slot: number) => void): Ring {
  /** Places as if the range had no end: the real place is the rest of a division by `size`. */
  const starts = new Float64Array(capacity);
  let oldest = 0;
  let dropped = 0;
  let count = 0;
  let next = 0;

  return {
    claim: (bytes) => {
      if (bytes > size) return -1;
      const left = size - (next % size);
      const start = bytes > left ? next + left : next;
      const end = start + bytes;
      while (count > 0 && (count === capacity || (starts[oldest] ?? 0) < end - size)) {
        onDrop(oldest);
        oldest = (oldest + 1) % capacity;
        count -= 1;
        dropped += 1;
      }
      const slot = (oldest + count) % capacity;
      starts[slot] = start;
      next = end;
      count += 1;
      return slot;
    },
    offset: (slot) => (starts[slot] ?? 0) % size,
    shrink: (bytes) => {
      const newest = (oldest + count - 1) % capacity;
      if (count > 0) next = Math.min(next, (starts[newest] ?? 0) + bytes);
    },
    slots: () => Array.from({ length: count }, (_, i) => (oldest + i) % capacity),
    range: () => ({ first: dropped, end: dropped + count }),
    slotAt: (place) =>
      place < dropped || place >= dropped + count ? undefined : (oldest + place - dropped) % capacity,
  };
}
