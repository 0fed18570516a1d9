import type { Problem } from "../core/problem.ts";
import type { RestartPolicy, WatchRule } from "../model/mesh.ts";
import { absolutePath } from "./absolute-path.ts";
import { joinIndex, joinKey } from "./field-path.ts";
import type { Reader } from "./project-reader.ts";
import { variable } from "./schema-values.ts";
import { isRecord } from "./yaml-tree.ts";

/** Files whose change restarts a service. */
export interface WatchSpec {
  readonly paths: readonly { readonly glob: string; readonly field: string }[];
  readonly ignore: readonly string[];
  readonly debounceMs: number;
}

const globs = { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] };

const watchMap = {
  type: "object",
  additionalProperties: false,
  required: ["paths"],
  properties: {
    paths: { ...globs, description: "Globs, relative to cwd; ! excludes." },
    ignore: { ...globs, description: "Globs of what is passed over." },
    debounce: { type: "string", description: "How long files must be quiet; default 150ms." },
  },
};

/** Keys of a service about when it is started again. */
export const restartFields = {
  watch: {
    description: "Globs of source files, relative to cwd; a change restarts the service. ! excludes.",
    anyOf: [...globs.anyOf, watchMap],
  },
  restart: {
    description:
      "After its end: always, on-failure, on-failure:3 (at most so often), or no. Default: always; on-failure without ports.",
    anyOf: [
      { enum: ["always", "unless-stopped", "on-failure", "no", false] },
      { type: "string", pattern: "^on-failure:[0-9]+$" },
      variable,
    ],
  },
} as const;

const usualDebounceMs = 150;
const watchKeys = Object.keys(watchMap.properties);

export function parseWatch(reader: Reader, value: unknown, field: string): WatchSpec | undefined {
  if (value === undefined) return undefined;
  if (!isRecord(value)) return { ...readGlobs(reader, value, field), debounceMs: usualDebounceMs };
  reader.keys(field, watchKeys, value);
  if (value["paths"] === undefined) reader.missing(field, "paths", 'write `paths: ["src/**"]`');
  const ignored = readGlobs(reader, value["ignore"], joinKey(field, "ignore"));
  const { paths, ignore } = readGlobs(reader, value["paths"], joinKey(field, "paths"));
  return {
    paths,
    ignore: [...ignore, ...ignored.paths.map(({ glob }) => glob)],
    debounceMs: reader.duration(joinKey(field, "debounce"), value["debounce"]) ?? usualDebounceMs,
  };
}

function readGlobs(reader: Reader, value: unknown, field: string): Pick<WatchSpec, "paths" | "ignore"> {
  if (value === undefined) return { paths: [], ignore: [] };
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const read = items.flatMap((item, index) => {
    const at = Array.isArray(value) ? joinIndex(field, index) : field;
    const glob = reader.text(at, item);
    return glob === undefined || glob === "" ? [] : [{ glob, field: at }];
  });
  return {
    paths: read.filter(({ glob }) => !glob.startsWith("!")),
    ignore: read.flatMap(({ glob }) => (glob.startsWith("!") ? [glob.slice(1)] : [])),
  };
}

export function parseRestart(reader: Reader, value: unknown, field: string): RestartPolicy | undefined {
  if (value === undefined) return undefined;
  // YAML's own false is what `no` means elsewhere.
  const text = value === false ? "no" : reader.text(field, value);
  const most = /^on-failure:(\d{1,4})$/.exec(text ?? "")?.[1];
  if (most !== undefined) return { when: "failure", most: Number(most) };
  if (text === "always" || text === "unless-stopped") return { when: "always" };
  if (text === "on-failure") return { when: "failure" };
  if (text === "no") return { when: "never" };
  if (text !== undefined && !text.includes("${"))
    reader.wrong(field, `${field}: ${text} is not known`, "write always, on-failure, on-failure:3 or no");
  return undefined;
}

/** What a service watches, with its working directory; undefined: nothing. */
export function watchRule(
  watch: WatchSpec | undefined,
  directory: string,
  cwd: string | undefined,
): WatchRule | undefined {
  if (watch === undefined || watch.paths.length === 0) return undefined;
  const { paths, ignore, debounceMs } = watch;
  return { directory: absolutePath(directory, cwd), paths: paths.map(({ glob }) => glob), ignore, debounceMs };
}

/** Globs that leave both the project and the service's folder: a whole home folder is not watched by accident. */
export function checkWatch(
  groups: readonly { readonly key: string; readonly watch: WatchSpec | undefined; readonly cwd: string | undefined }[],
  directory: string,
): readonly Problem[] {
  return groups.flatMap(({ key, watch, cwd }) =>
    (watch?.paths ?? []).flatMap(({ glob, field }): Problem[] => {
      const home = absolutePath(directory, cwd);
      const base = absolutePath(home, globBase(glob));
      if ([home, absolutePath(directory, undefined)].some((root) => `${base}/`.startsWith(`${root}/`))) return [];
      return [
        {
          code: "MD1015",
          severity: "error",
          message: `${key} watches ${glob}, which is outside of the project`,
          hint: "watch files below the project's folder or below cwd",
          field,
        },
      ];
    }),
  );
}

/** The folder below which everything is that a glob can match. */
export function globBase(glob: string): string {
  const parts = glob.split("/");
  const magic = parts.findIndex((part) => /[*?[\]{}()!+@]/.test(part));
  return (magic === -1 ? parts : parts.slice(0, magic)).join("/") || (glob.startsWith("/") ? "/" : ".");
}
