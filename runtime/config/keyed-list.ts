import { isRecord } from "./yaml-tree.ts";

/** A list that stands for a map: the key and value of each item, with its number. */
export interface KeyedItem {
  readonly key: string;
  readonly value: unknown;
  readonly index: number;
}

/** Compose's fields that are a map or a list, and what an item of the list means. */
const meanings: readonly (readonly [RegExp, (item: string) => readonly [string, unknown]])[] = [
  [/\.needs$/, (item) => [item, "ready"]],
  [/\.depends_on$/, (item) => [item, { condition: "service_started" }]],
  [/\.networks$/, (item) => [item, null]],
  [/\.(?:environment|labels|annotations|args|sysctls)$/, pair],
];

/**
 * The items of a list as entries of the map that it stands for; undefined when lists of this field stand for themselves, or an item
 * is no text.
 */
export function keyedItems(path: string, list: readonly unknown[]): readonly KeyedItem[] | undefined {
  const meaning = meanings.find(([pattern]) => pattern.test(path))?.[1];
  if (meaning === undefined) return undefined;
  const items = list.flatMap((item, index) => {
    if (typeof item !== "string") return [];
    const [key, value] = meaning(item);
    return [{ key, value, index }];
  });
  return items.length === list.length ? items : undefined;
}

/** Whether two values of a field are laid over each other as maps although one of them is a list, or both are lists of `NAME=value`. */
export function mergesByKey(path: string, base: unknown, over: unknown): boolean {
  if (isRecord(base) && isRecord(over)) return false;
  return isRecord(base) || isRecord(over) || /\.(?:environment|labels|annotations|args|sysctls)$/.test(path);
}

/** `NAME=value`; a name alone has its value from around. */
function pair(item: string): readonly [string, unknown] {
  const cut = item.indexOf("=");
  return cut === -1 ? [item, null] : [item.slice(0, cut), item.slice(cut + 1)];
}
