/** How many ways are followed where ways of several places are joined. */
const most = 64;

/** One way of each place, in every combination. */
export function allTogether<T>(places: readonly (readonly (readonly T[])[])[]): readonly (readonly T[])[] {
  return places.reduce<readonly (readonly T[])[]>(
    (joined, ways) => joined.flatMap((before) => ways.map((way) => [...before, ...way])).slice(0, most),
    [[]],
  );
}

/** Every choice of some but not all of them, small ones first. */
export function properParts<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: 2 ** all.length - 1 }, (_, mask) =>
    all.filter((_each, at) => (mask & (2 ** at)) !== 0),
  ).toSorted((a, b) => a.length - b.length);
}
