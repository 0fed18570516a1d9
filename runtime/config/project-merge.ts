import { joinIndex, joinKey } from "./field-path.ts";
import { keyedItems, mergesByKey } from "./keyed-list.ts";
import { isRecord, type YamlTree } from "./yaml-tree.ts";

/** A project as data, with the place of each field in the file that says it last. */
export type ProjectTree = Pick<YamlTree, "value" | "at" | "problems" | "locate">;

/** A tree that can be laid over another one. */
export type LayeredTree = ProjectTree & Pick<YamlTree, "tag">;

/** A value, and where it is written. */
interface Written {
  readonly tree: LayeredTree;
  readonly path: string;
  readonly value: unknown;
}

/** Lists that say one thing, so that a later one replaces them: commands. */
const replacedLists = /\.(?:run|command|entrypoint|exec|test)$/;

/**
 * Lays files over each other as Compose does: maps are merged, lists appended without repeating what they hold, and ports with the same
 * name or number are merged; a list and a map that Compose takes for the same are merged by key; commands and everything else are replaced. `!reset` removes what was said before, `!override` replaces it whole.
 */
export function mergeTrees(trees: readonly [LayeredTree, ...LayeredTree[]]): ProjectTree {
  const [first, ...rest] = trees;
  if (rest.length === 0) return first;
  /** Where the values below a merged path come from; the longest path that is known counts. */
  const origins = new Map<string, Pick<Written, "tree" | "path">>();
  let merged: Written = { tree: first, path: "", value: first.value };
  origins.set("", merged);
  for (const tree of rest) {
    if (tree.value === undefined || tree.value === null) continue;
    const value = mergeValues("", merged.value, { tree, path: "", value: tree.value });
    merged = { tree: first, path: "", value };
  }

  function mergeValues(path: string, base: unknown, over: Written): unknown {
    const { tree, value } = over;
    if ((value === null || value === undefined) && base !== undefined) return base;
    const isWhole = base === undefined || base === null || tree.tag(over.path) === "!override";
    if (!isWhole && isRecord(base) && isRecord(value)) return mergeMaps(path, base, { ...over, value });
    const byKey = isWhole ? undefined : mergeByKey(path, base, over);
    if (byKey !== undefined) return byKey;
    if (!isWhole && Array.isArray(base) && Array.isArray(value) && !replacedLists.test(path))
      return mergeLists(path, base, { ...over, value });
    settle(path, over);
    return value;
  }

  function mergeMaps(
    path: string,
    base: Readonly<Record<string, unknown>>,
    over: Written & { readonly value: Readonly<Record<string, unknown>> },
  ): unknown {
    const entries = new Map(Object.entries(base));
    for (const [key, value] of Object.entries(over.value)) {
      const at = joinKey(over.path, key);
      if (over.tree.tag(at) === "!reset") entries.delete(key);
      else entries.set(key, mergeValues(joinKey(path, key), entries.get(key), { tree: over.tree, path: at, value }));
    }
    return Object.fromEntries(entries);
  }

  /** A list and a map of a field that may be either; undefined: it may not. */
  function mergeByKey(path: string, base: unknown, over: Written): unknown {
    const { tree, value } = over;
    if (!mergesByKey(path, base, value)) return undefined;
    const entries = new Map<string, unknown>();
    const places = new Map<string, Pick<Written, "tree" | "path">>();
    for (const [list, placeOf] of [
      [base, originOf],
      [value, (from: string) => ({ tree, path: over.path + from.slice(path.length) })],
    ] as const) {
      const items = Array.isArray(list)
        ? keyedItems(path, list)
        : isRecord(list)
          ? Object.entries(list).map(([key, item]) => ({ key, value: item, index: undefined }))
          : undefined;
      if (items === undefined) return undefined;
      for (const { key, value: item, index } of items) {
        const from = index === undefined ? joinKey(path, key) : joinIndex(path, index);
        entries.set(key, item);
        places.set(joinKey(path, key), placeOf(from));
      }
    }
    settle(path, over);
    for (const [at, place] of places) origins.set(at, place);
    return Object.fromEntries(entries);
  }

  /** Where a merged path is written. */
  function originOf(path: string): Pick<Written, "tree" | "path"> {
    for (let rest = path; ; rest = parentOf(rest)) {
      const origin = origins.get(rest);
      if (origin !== undefined)
        return { tree: origin.tree, path: origin.path + suffixOf(origin.path, path.slice(rest.length)) };
    }
  }

  function mergeLists(
    path: string,
    base: readonly unknown[],
    over: Written & { readonly value: readonly unknown[] },
  ): unknown {
    const items = [...base];
    for (const [index, value] of over.value.entries()) {
      const at = { tree: over.tree, path: joinIndex(over.path, index), value };
      const same = items.findIndex((item) => isSameItem(item, value));
      if (same === -1) {
        settle(joinIndex(path, items.length), at);
        items.push(value);
      } else items[same] = mergeValues(joinIndex(path, same), items[same], at);
    }
    return items;
  }

  function settle(path: string, { tree, path: from }: Pick<Written, "tree" | "path">): void {
    for (const known of origins.keys()) if (isBelow(known, path)) origins.delete(known);
    origins.set(path, { tree, path: from });
  }

  return {
    value: merged.value,
    at: first.at,
    problems: trees.flatMap((tree) => tree.problems),
    locate: (path, part) => {
      const origin = originOf(path);
      return origin.tree.locate(origin.path, part);
    },
  };
}

/** Items that are the same text, or maps with the same name, port or path. */
function isSameItem(one: unknown, other: unknown): boolean {
  if (!isRecord(one) || !isRecord(other)) return one === other;
  for (const key of ["name", "port", "path"])
    if (one[key] !== undefined || other[key] !== undefined) return one[key] === other[key];
  return false;
}

function isBelow(path: string, above: string): boolean {
  return above === "" ? path !== "" : path.startsWith(`${above}.`) || path.startsWith(`${above}[`);
}

function parentOf(path: string): string {
  const cut = Math.max(path.lastIndexOf("."), path.lastIndexOf("["));
  return cut <= 0 ? "" : path.slice(0, cut);
}

/** The rest of a path below another one: the root has no dot before its keys. */
function suffixOf(above: string, rest: string): string {
  return above === "" ? rest.replace(/^\./, "") : rest;
}
