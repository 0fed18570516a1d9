import { readFileSync, readdirSync, readlinkSync, realpathSync } from "node:fs";

export interface OpenWriter {
  readonly pid: number;
  readonly path: string;
}

export type WriterSearch =
  /** Not every process has been looked at yet; `OpenWriterScan.look` goes on. */
  | { readonly kind: "unfinished"; readonly writers: readonly OpenWriter[] }
  | { readonly kind: "done"; readonly writers: readonly OpenWriter[] };

/** One search through all processes, in pieces: it blocks, and on a busy machine it is long. */
export interface OpenWriterScan {
  /** Goes on for `budgetMs`, or for one process if that takes longer. */
  readonly look: (budgetMs: number) => WriterSearch;
}

/**
 * Looks for processes that hold one of `paths` open for writing (Linux; elsewhere none are found). Only processes of our own user can be seen.
 * @param now monotonic milliseconds
 */
export function scanOpenWriters(paths: readonly string[], now: () => number): OpenWriterScan {
  const wanted = new Map(paths.map((path) => [realOrSame(path), path]));
  const processes = listOrNothing("/proc").filter((name) => /^\d+$/.test(name));
  const writers: OpenWriter[] = [];
  let at = 0;

  function inspect(name: string): void {
    for (const fd of listOrNothing(`/proc/${name}/fd`)) {
      const path = wanted.get(linkOrNothing(`/proc/${name}/fd/${fd}`));
      if (path !== undefined && isOpenForWriting(name, fd)) writers.push({ pid: Number(name), path });
    }
  }

  return {
    look: (budgetMs) => {
      const end = now() + budgetMs;
      do {
        const name = processes[at];
        if (name === undefined) return { kind: "done", writers };
        inspect(name);
        at += 1;
      } while (now() <= end);
      return { kind: "unfinished", writers };
    },
  };
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
