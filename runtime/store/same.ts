/** Deep equality of plain JSON-like data. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isSame(Reflect.get(a, key), Reflect.get(b, key)));
}

/** `next`, or `previous` when they say the same: keeps identity for whoever compares by reference. */
export function keepSame<T>(previous: T, next: T): T {
  return isSame(previous, next) ? previous : next;
}

/** Maps a list and returns the very same list when no element changed. */
export function mapSame<T>(list: readonly T[], change: (element: T) => T): readonly T[] {
  let changed = false;
  const next = list.map((element) => {
    const other = change(element);
    if (other !== element) changed = true;
    return other;
  });
  return changed ? next : list;
}
