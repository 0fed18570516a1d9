import type { Problem } from "../core/problem.ts";
import type { SourcePosition } from "../core/source.ts";
import { joinKey } from "./field-path.ts";
import { sourceText } from "./source-text.ts";
import { parseYaml } from "./yaml-tree.ts";

/** One entry of a person's own settings: a name with a text or a list of texts. */
export interface Setting {
  readonly name: string;
  readonly values: readonly string[];
  readonly at: SourcePosition;
}

export interface ReadSettings {
  readonly settings: readonly Setting[];
  readonly problems: readonly Problem[];
}

/** Reads a flat YAML map of names to texts, such as keys.yaml. Never throws. */
export function readSettingsText(file: string, text: string): ReadSettings {
  const { trees, problems } = parseYaml(sourceText({ path: file, text }), "project");
  const [tree] = trees;
  const found = [...problems, ...(tree?.problems ?? [])];
  const isMap = typeof tree?.value === "object" && tree.value !== null && !Array.isArray(tree.value);
  if (found.length > 0 || tree === undefined || tree.value === null || tree.value === undefined)
    return { settings: [], problems: found };
  if (!isMap || trees.length > 1)
    return {
      settings: [],
      problems: [{ code: "MD1003", severity: "error", message: "it must be one map", at: tree.at }],
    };
  const settings: Setting[] = [];
  for (const [name, value] of Object.entries(tree.value ?? {})) {
    const at = tree.locate(joinKey("", name), "key").at ?? tree.at;
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const texts = values.filter((each) => typeof each === "string" || typeof each === "number").map(String);
    if (texts.length !== values.length)
      return {
        settings: [],
        problems: [{ code: "MD1003", severity: "error", message: `${name} takes a text or a list of texts`, at }],
      };
    settings.push({ name, values: texts, at });
  }
  return { settings, problems: [] };
}
