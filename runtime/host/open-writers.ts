import { readFileSync, readdirSync, readlinkSync, realpathSync } from "node:fs";

export interface OpenWriter {
  readonly pid: number;
  readonly path: string;
}

/**
 * Processes that hold one of `paths` open for writing (Linux; elsewhere none are found). Only processes of our own user can be seen.
 * @param now monotonic milliseconds; the search ends after `budgetMs`, because it blocks.
 */
export function findOpenWriters(paths: readonly string[], now: () => number, budgetMs: number): readonly OpenWriter[] {
  const wanted = new Map(paths.map((path) => [realOrSame(path), path]));
  const end = now() + budgetMs;
  const found: OpenWriter[] = [];
  for (const name of listOrNothing("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    if (now() > end) break;
    for (const fd of listOrNothing(`/proc/${name}/fd`)) {
      const path = wanted.get(linkOrNothing(`/proc/${name}/fd/${fd}`));
      if (path !== undefined && isOpenForWriting(name, fd)) found.push({ pid: Number(name), path });
    }
  }
  return found;
}

function isOpenForWriting(pid: string, fd: string): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8"))?.[1];
    // The access mode is in the lowest two bits; 0 is read only.
    return flags !== undefined && (Number.parseInt(flags, 8) & 3) !== 0;
  } catch {
    return false;
  }
}

function listOrNothing(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function linkOrNothing(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function realOrSame(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
