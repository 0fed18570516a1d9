import type { Problem } from "../core/problem.ts";
import type { SourceFile } from "../core/source.ts";
import { parseDotenv } from "./dotenv.ts";
import { joinIndex, joinKey } from "./field-path.ts";
import { lookupIn } from "./interpolation.ts";
import type { Reader } from "./project-reader.ts";
import { isRecord } from "./yaml-tree.ts";

/** A file of variables for one service. */
export interface EnvFileSpec {
  /** Relative to the project's folder. */
  readonly path: string;
  readonly required: boolean;
  readonly field: string;
}

export const envFileKeys: readonly string[] = ["path", "required"];

/** `env_file: a.env`, a list, or a list of `{path, required}`, as in Compose; undefined: nothing is said. */
export function parseEnvFiles(reader: Reader, value: unknown, field: string): readonly EnvFileSpec[] | undefined {
  if (value === undefined) return undefined;
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.flatMap((item, index) => {
    const at = Array.isArray(value) ? joinIndex(field, index) : field;
    if (!isRecord(item)) {
      const path = reader.text(at, item);
      return path === undefined ? [] : [{ path, required: true, field: at }];
    }
    reader.keys(at, envFileKeys, item);
    const path = reader.text(joinKey(at, "path"), item["path"]) ?? reader.missing(at, "path", "name the file");
    const required = reader.flag(joinKey(at, "required"), item["required"]) ?? true;
    return [{ path, required, field: at }];
  });
}

/** The variables that a list of files gives, later ones winning, and what is wrong with them. */
export function readEnvFiles(
  specs: readonly EnvFileSpec[],
  fileAt: (path: string) => SourceFile | undefined,
  env: Readonly<Record<string, string>>,
): { readonly variables: Readonly<Record<string, string>>; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const variables: Record<string, string> = {};
  for (const { path, required, field } of specs) {
    const file = fileAt(path);
    if (file !== undefined) {
      const read = parseDotenv(file, lookupIn(env));
      Object.assign(variables, read.variables);
      problems.push(...read.problems);
    } else if (required)
      problems.push({
        code: "MD1014",
        severity: "error",
        message: `${path} is not there or cannot be read`,
        hint: "make the file, or write `{ path: …, required: false }`",
        field,
      });
  }
  return { variables, problems };
}
