import { type Dirent, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { SourceFile } from "../core/source.ts";
import { maxMeshFileBytes } from "./read-mesh-files.ts";

const pattern = /\.mesh-test\.ya?ml$/i;
const passedOver = new Set(["node_modules", "dist", "coverage"]);

/** The test files of a project: below its folder, other projects inside of it excepted. Sorted, relative to the folder. */
export function findTestFiles(directory: string): readonly string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.isFile() && pattern.test(entry.name)) found.push(relative(directory, path));
      if (!entry.isDirectory() || entry.name.startsWith(".") || passedOver.has(entry.name)) continue;
      if (!existsSync(join(path, "meshdev.yaml")) && !existsSync(join(path, "meshdev.yml"))) walk(path);
    }
  };
  walk(directory);
  return found.toSorted();
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** The test files that a path of the command line stands for: itself, or all in a folder; undefined: there is nothing. */
export function testFilesAt(directory: string, path: string): readonly string[] | undefined {
  const absolute = resolve(directory, path);
  const stat = statSync(absolute, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (!stat.isDirectory()) return [relative(directory, absolute)];
  return findTestFiles(absolute).map((found) => relative(directory, join(absolute, found)));
}

/** A small text file; a text says why it cannot be read. */
export function readSourceFile(directory: string, path: string): SourceFile | string {
  try {
    const absolute = resolve(directory, path);
    if (statSync(absolute).size > maxMeshFileBytes) return `it is larger than ${maxMeshFileBytes / 1024 / 1024} MiB`;
    return { path, text: readFileSync(absolute, "utf8") };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
