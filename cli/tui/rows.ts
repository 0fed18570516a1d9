/** A bounded history outside React. Rows are numbered from 0 for ever; old ones fall out at the front. */
export interface Rows<T> {
  readonly push: (row: T) => void;
  readonly get: (number: number) => T | undefined;
  /** Number of the oldest row that is kept. */
  readonly first: () => number;
  /** One past the newest. */
  readonly end: () => number;
}

export function createRows<T>(capacity: number): Rows<T> {
  const slots: T[] = [];
  let end = 0;
  const first = (): number => Math.max(0, end - capacity);
  return {
    push: (row) => {
      slots[end % capacity] = row;
      end += 1;
    },
    get: (number) => (number < first() || number >= end ? undefined : slots[number % capacity]),
    first,
    end: () => end,
  };
}

/** Rows that are also found by a name: the newest row of each. */
export interface NamedRows<T> extends Rows<T> {
  readonly find: (name: string) => T | undefined;
}

export function createNamedRows<T>(capacity: number, nameOf: (row: T) => string): NamedRows<T> {
  const rows = createRows<T>(capacity);
  const numbers = new Map<string, number>();
  return {
    ...rows,
    push: (row) => {
      const oldest = rows.end() - rows.first() < capacity ? undefined : rows.get(rows.first());
      if (oldest !== undefined && numbers.get(nameOf(oldest)) === rows.first()) numbers.delete(nameOf(oldest));
      numbers.set(nameOf(row), rows.end());
      rows.push(row);
    },
    find: (name) => rows.get(numbers.get(name) ?? -1),
  };
}

/** The numbers of the rows that match a filter, found once per row: asking again costs only what is new. */
export interface Matches {
  readonly count: () => number;
  readonly numberAt: (index: number) => number | undefined;
  /** Index of the row with this number, or of the next one that matches. */
  readonly indexOf: (number: number) => number;
}

export function createMatches<T>(
  rows: Rows<T>,
  match: (row: T) => boolean,
  from: number,
  until: () => number,
): Matches {
  let numbers: number[] = [];
  let seen = from;
  const bring = (): void => {
    const oldest = rows.first();
    if (seen < oldest) seen = oldest;
    for (const end = Math.min(rows.end(), until()); seen < end; seen++) {
      const row = rows.get(seen);
      if (row !== undefined && match(row)) numbers.push(seen);
    }
    // Cutting the front is a copy, so it waits until half of the list is gone.
    const gone = lowerBound(numbers, oldest);
    if (gone > 0 && gone * 2 >= numbers.length) numbers = numbers.slice(gone);
  };
  const start = (): number => lowerBound(numbers, rows.first());
  return {
    count: () => {
      bring();
      return numbers.length - start();
    },
    numberAt: (index) => numbers[start() + index],
    indexOf: (number) => lowerBound(numbers, number) - start(),
  };
}

function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? Infinity) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
