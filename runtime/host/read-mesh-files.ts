import { createHash } from "node:crypto";
import { readFileSync, readdirSync, realpathSync, statSync, type BigIntStats } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { Problem } from "../core/problem.ts";
import type { SourceFile } from "../core/source.ts";
import { listDocuments, type FileFacts } from "./settle.ts";
import { codeOf, describe } from "./session-folder.ts";

/** What the disk held at one moment. */
export interface MeshFileSet {
  /** Sorted by path; paths relative to the project, as the user would write them. */
  readonly files: readonly SourceFile[];
  readonly facts: ReadonlyMap<string, FileFacts>;
  readonly problems: readonly Problem[];
}

export const maxMeshFileBytes = 4 * 1024 * 1024;
const pattern = /\.(yaml|yml|json)$/i;

/**
 * Every mesh file below `paths`, and the files in `always` whatever their name.
 * @param previous avoids reading again what did not change.
 */
export function readMeshFiles(
  directory: string,
  paths: readonly string[],
  always: readonly string[] = [],
  previous?: MeshFileSet,
): MeshFileSet {
  const problems: Problem[] = [];
  const found = new Map<string, string>();
  for (const path of always) found.set(shown(directory, path), resolve(directory, path));
  const keep = (folder: string): void => {
    for (const path of previous?.facts.keys() ?? [])
      if (path.startsWith(`${folder}/`)) found.set(path, resolve(directory, path));
  };
  for (const path of paths) walk({ directory, found, problems, keep }, resolve(directory, path), new Set(), true);

  const before = new Map(previous?.files.map((file) => [file.path, file]));
  const files: SourceFile[] = [];
  const facts = new Map<string, FileFacts>();
  for (const [path, absolute] of [...found].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const read = readOne(absolute, path, before.get(path), previous?.facts.get(path), problems);
    if (read === undefined) continue;
    files.push(read.file);
    facts.set(path, read.facts);
  }
  return { files, facts, problems };
}

function readOne(
  absolute: string,
  path: string,
  before: SourceFile | undefined,
  known: FileFacts | undefined,
  problems: Problem[],
): { readonly file: SourceFile; readonly facts: FileFacts } | undefined {
  // Losing the right to read a file must not remove its policies.
  const last = before === undefined || known === undefined ? undefined : { file: before, facts: known };
  try {
    const stat = statSync(absolute, { bigint: true });
    const stamp = stampOf(stat);
    if (before !== undefined && known?.stamp === stamp) return { file: before, facts: known };
    if (stat.size > BigInt(maxMeshFileBytes)) {
      problems.push(unreadable(path, `is larger than ${maxMeshFileBytes / 1024 / 1024} MiB`));
      return last;
    }
    const bytes = readFileSync(absolute);
    const text = bytes.toString("utf8");
    // A change between stat and read shows up as another stamp the next time.
    const digest = createHash("sha256").update(bytes).digest("hex");
    return { file: { path, text }, facts: { stamp, size: bytes.length, digest, documents: listDocuments(text) } };
  } catch (error) {
    problems.push(unreadable(path, `cannot be read: ${describe(error)}`));
    return codeOf(error) === "ENOENT" ? undefined : last;
  }
}

interface Walk {
  readonly directory: string;
  /** Path as shown → absolute path. */
  readonly found: Map<string, string>;
  readonly problems: Problem[];
  /** Keeps what was known below a folder that cannot be listed any more. */
  readonly keep: (folder: string) => void;
}

function walk(to: Walk, path: string, above: ReadonlySet<string>, named: boolean): void {
  const { directory, found, problems } = to;
  let real: string;
  try {
    real = realpathSync(path);
    const stat = statSync(path);
    if (stat.isFile()) {
      if (named || pattern.test(path)) found.set(shown(directory, path), path);
      return;
    }
    if (!stat.isDirectory()) return;
  } catch (error) {
    // A dangling link without a mesh file's name is nobody's mesh file.
    if (codeOf(error) === "EACCES") to.keep(shown(directory, path));
    if (named || pattern.test(path) || codeOf(error) === "ELOOP" || codeOf(error) === "EACCES")
      problems.push(unreadable(shown(directory, path), `cannot be read: ${describe(error)}`));
    return;
  }
  if (above.has(real)) {
    problems.push(unreadable(shown(directory, path), "is a link that leads back to a folder above it"));
    return;
  }
  try {
    const inside = new Set([...above, real]);
    for (const name of readdirSync(path).toSorted()) {
      if (name !== "node_modules" && name !== ".git") walk(to, join(path, name), inside, false);
    }
  } catch (error) {
    problems.push(unreadable(shown(directory, path), `cannot be read: ${describe(error)}`));
    if (codeOf(error) !== "ENOENT") to.keep(shown(directory, path));
  }
}

function shown(directory: string, path: string): string {
  const absolute = resolve(directory, path);
  const below = relative(directory, absolute);
  return below.startsWith("..") || below === "" ? absolute : below;
}

function stampOf(stat: BigIntStats): string {
  return `${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}:${stat.ino}`;
}

function unreadable(path: string, fault: string): Problem {
  return { code: "MD6006", severity: "error", message: `${path} ${fault}`, at: { file: path, line: 1, column: 1 } };
}
