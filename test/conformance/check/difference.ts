export interface Difference {
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** What one multiset has and the other has not. Protobuf prints one blank or two between fields, by build. */
export function differ(what: string, expected: readonly string[], actual: readonly string[]): readonly Difference[] {
  const [wanted, had] = [expected, actual].map((items) => items.map((item) => item.replace(/ {2,}/g, " ")));
  const missing = without(wanted ?? [], had ?? []);
  const surplus = without(had ?? [], wanted ?? []);
  return missing.length === 0 && surplus.length === 0 ? [] : [{ what, expected: missing, actual: surplus }];
}

function without(items: readonly string[], others: readonly string[]): readonly string[] {
  const rest = [...others];
  return items.filter((item) => {
    const index = rest.indexOf(item);
    if (index === -1) return true;
    rest.splice(index, 1);
    return false;
  });
}
