import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readdirSync,
  realpathSync,
  statSync,
  type BigIntStats,
} from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import type { NamedFiles } from "../config/project-paths.ts";
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
/** Two changes within one tick of the clock that stamps files look the same: HZ=100 on old kernels. */
const coarsestTickMs = 20;
/** Tests of policies stand beside them, and are none. */
const pattern = /(?<!\.mesh-test)\.(yaml|yml|json)$/i;

/**
 * Every mesh file below `paths`, and the `named` ones whatever their name.
 * @param previous avoids reading again what did not change.
 */
export function readMeshFiles(
  directory: string,
  paths: readonly string[],
  named: NamedFiles = { required: [], optional: [] },
  previous?: MeshFileSet,
): MeshFileSet {
  const problems: Problem[] = [];
  const found = new Map<string, string>();
  for (const path of [...named.required, ...named.optional])
    found.set(shown(directory, path), resolve(directory, path));
  const optional = new Set(named.optional.map((path) => shown(directory, path)));
  const folders = paths.map((path) => resolve(directory, path));
  for (const folder of folders) walk({ directory, found, problems }, folder, new Set(), true);
  // A listing may miss a name that is renamed over meanwhile, or fail: what was there is asked for by its name.
  for (const path of previous?.facts.keys() ?? []) {
    const absolute = resolve(directory, path);
    if (!found.has(path) && folders.some((folder) => isAtOrBelow(absolute, folder)) && mayBeFile(absolute))
      found.set(path, absolute);
  }

  const before = new Map(previous?.files.map((file) => [file.path, file]));
  const files: SourceFile[] = [];
  const facts = new Map<string, FileFacts>();
  for (const [path, absolute] of [...found].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (optional.has(path) && !mayBeFile(absolute)) continue;
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
    const stamp = stampOf(statSync(absolute, { bigint: true }));
    if (before !== undefined && known?.stamp === stamp && known.telling) return { file: before, facts: known };
    const reading = readWhole(absolute);
    if (reading === "too large") {
      problems.push(unreadable(path, `is larger than ${maxMeshFileBytes / 1024 / 1024} MiB`));
      return last;
    }
    const { bytes, ...facts } = reading;
    const digest = createHash("sha256").update(bytes).digest("hex");
    if (before !== undefined && known?.digest === digest) return { file: before, facts: { ...known, ...facts } };
    const text = bytes.toString("utf8");
    return {
      file: { path, text },
      facts: { ...facts, size: bytes.length, digest, documents: listDocuments(text) },
    };
  } catch (error) {
    problems.push(unreadable(path, `cannot be read: ${describe(error)}`));
    return isGone(error) ? undefined : last;
  }
}

/** A file that was changed while it was read, again and again, gets a stamp that it will never have once more. */
function readWhole(
  absolute: string,
): "too large" | (Pick<FileFacts, "stamp" | "telling"> & { readonly bytes: Buffer }) {
  for (let left = 3; ; left -= 1) {
    // Nothing here may wait for somebody: neither a named pipe nor a lease.
    const file = openSync(absolute, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const begun = Date.now();
      const before = fstatSync(file, { bigint: true });
      if (before.size > BigInt(maxMeshFileBytes)) return "too large";
      const bytes = readFileSync(file);
      const after = stampOf(fstatSync(file, { bigint: true }));
      if (after === stampOf(before))
        return { bytes, stamp: after, telling: begun - Number(before.ctimeMs) > coarsestTickMs };
      if (left === 0) return { bytes, stamp: `${after}, changing at ${performance.now()}`, telling: false };
    } finally {
      closeSync(file);
    }
  }
}

/** Whether there is a file, or it cannot be said. */
function mayBeFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch (error) {
    return !isGone(error);
  }
}

function isGone(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "");
}

function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

interface Walk {
  readonly directory: string;
  /** Path as shown → absolute path. */
  readonly found: Map<string, string>;
  readonly problems: Problem[];
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
  }
}

/** A path as the user would write it: relative to the project when it is below it. */
export function shown(directory: string, path: string): string {
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
