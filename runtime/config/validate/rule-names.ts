import { quote } from "../go-text.ts";

/** What tells two matches apart: not their names, nor the order of keys. */
export function matchKey(match: object): string {
  return JSON.stringify(sorted({ ...match, name: undefined }));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined && inner !== "" && inner !== 0 && inner !== false)
      .map(([key, inner]) => [key, sorted(inner)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

export function ruleName(rule: object | undefined, index: number): string {
  return printedName(rule, index);
}

export function matchName(match: object, index: number): string {
  return printedName(match, index);
}

/** Only HTTP rules and matches have names. */
function printedName(named: object | undefined, index: number): string {
  return named !== undefined && "name" in named && typeof named.name === "string" && named.name !== ""
    ? quote(named.name)
    : `#${index}`;
}
