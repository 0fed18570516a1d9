import { joinIndex, joinKey } from "../field-path.ts";
import { interpolate, lookupIn } from "../interpolation.ts";
import type { Draft } from "./draft.ts";
import { isRecord } from "../yaml-tree.ts";

/** Every text of a compose file with its variables replaced: Compose does so before it looks at anything. */
export function withVariables(
  value: unknown,
  env: Readonly<Record<string, string>>,
  draft: Pick<Draft, "problem">,
): unknown {
  const lookup = lookupIn(env);
  return convert(value, "");

  function convert(item: unknown, path: string): unknown {
    if (typeof item === "string") {
      // A shell replaces the variables of a command itself.
      if (!item.includes("$") || path.endsWith("x-mesh.run")) return item;
      const { text, unset, faults } = interpolate(item, lookup);
      for (const fault of faults) draft.problem(path, { code: "MD1003", message: `${path}: ${fault}` });
      for (const name of unset)
        draft.problem(path, {
          code: "MD1011",
          severity: "warning",
          message: `the variable ${name} is not set; it counts as empty`,
          hint: `set ${name}, or write \${${name}:-default}`,
        });
      return text;
    }
    if (Array.isArray(item)) return item.map((each, index) => convert(each, joinIndex(path, index)));
    if (!isRecord(item)) return item;
    return Object.fromEntries(Object.entries(item).map(([key, each]) => [key, convert(each, joinKey(path, key))]));
  }
}

/** Texts in which nothing is left to replace, written so that reading a project file leaves them as they are. */
export function escaped(value: unknown, path = ""): unknown {
  if (typeof value === "string") return path.endsWith(".run") ? value : value.replaceAll("$", "$$$$");
  if (Array.isArray(value)) return value.map((each, index) => escaped(each, joinIndex(path, index)));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, escaped(each, joinKey(path, key))]));
}
