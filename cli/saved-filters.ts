import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { builtInFilters, type FilterSetting } from "../runtime/store/filter.ts";

/** Filters with names: ours, and those that were saved for one project. */
export type NamedFilters = Readonly<Record<string, string>>;

/** Beside the other files that meshdev writes into a project; `meshdev init` keeps the folder out of git. */
function fileOf(directory: string): string {
  return join(directory, ".meshdev", "filters.json");
}

/** A file that is missing, or is none of ours, adds no names. */
export function readFilters(directory: string): NamedFilters {
  let saved: unknown;
  try {
    saved = JSON.parse(readFileSync(fileOf(directory), "utf8"));
  } catch {
    return builtInFilters;
  }
  const entries = typeof saved === "object" && saved !== null ? Object.entries(saved) : [];
  return {
    ...builtInFilters,
    ...Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string")),
  };
}

/** Saves `text` as `@name`; the answer is shown to the person. */
export function saveFilter(directory: string, name: string, text: string): string {
  if (!/^[a-z][\w-]*$/i.test(name)) return "a name begins with a letter and has letters, digits, - and _";
  if (Object.hasOwn(builtInFilters, name)) return `@${name} is there already, as ${builtInFilters[name] ?? ""}`;
  const file = fileOf(directory);
  try {
    const { denials: _d, errors: _e, slow: _s, ...saved } = readFilters(directory);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify({ ...saved, [name]: text }, undefined, 2)}\n`);
    return `saved: @${name} is ${text}`;
  } catch (error) {
    return `cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What a command's filter may refer to: the names of its project, and the time it began. */
export function filterSetting(directory: string): FilterSetting {
  return { now: Date.now(), named: readFilters(directory) };
}
