import { Document, isMap, isNode, isScalar, isSeq, type Node } from "yaml";
import { formatPosition } from "../core/source.ts";
import { joinIndex, joinKey } from "./field-path.ts";
import { interpolate, lookupIn } from "./interpolation.ts";
import { isActive } from "./profiles.ts";
import type { ProjectSpec } from "./project.ts";
import { isRecord } from "./yaml-tree.ts";

/** Istio's own fields, and what nobody reads, stay as they are written. */
const verbatim = /^(?:meshConfig|x-[^.]*)$/;

/** The project as one file would say it: files laid over each other, variables replaced, without services of other profiles. */
export function resolvedProject(
  project: ProjectSpec,
  env: Readonly<Record<string, string>>,
  active: readonly string[],
): Readonly<Record<string, unknown>> {
  const lookup = lookupIn(env);
  const asleep = new Set(
    [...project.services, ...project.variants]
      .filter(({ profiles = [] }) => !isActive(profiles, active))
      .map(({ field }) => field),
  );
  const resolved = convert(project.value, "");
  return isRecord(resolved) ? resolved : {};

  function convert(value: unknown, path: string): unknown {
    if (verbatim.test(path)) return value;
    // A shell replaces its variables itself.
    if (typeof value === "string") return path.endsWith(".run") ? value : interpolate(value, lookup).text;
    if (Array.isArray(value)) return value.map((item, index) => convert(item, joinIndex(path, index)));
    if (!isRecord(value)) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => {
        const at = joinKey(path, key);
        return asleep.has(at) ? [] : [[key, convert(item, at)]];
      }),
    );
  }
}

/** The same as YAML; with `locate` each value has a comment that says where it is written. */
export function projectYaml(value: unknown, locate?: ProjectSpec["locate"]): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  if (locate !== undefined) comment(document.contents, "", locate);
  return document.toString({ lineWidth: 0 });
}

function comment(node: unknown, path: string, locate: ProjectSpec["locate"]): void {
  if (isMap(node)) {
    for (const { key, value } of node.items)
      comment(value, joinKey(path, isScalar(key) ? String(key.value) : "?"), locate);
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) comment(item, joinIndex(path, index), locate);
  } else if (isNode(node)) note(node, path, locate);
}

function note(node: Node, path: string, locate: ProjectSpec["locate"]): void {
  const { at } = locate(path);
  if (at !== undefined) node.comment = ` ${formatPosition(at)}`;
}
