import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { MeshError } from "../core/error.ts";
import { codeOf, describe } from "./session-folder.ts";

/** Who holds a lock; `started` tells a process from a later one with the same number. */
export interface LockHolder {
  readonly pid: number;
  readonly started: string;
}

export type Lock = { readonly kind: "acquired" } | { readonly kind: "held"; readonly pid: number };

/** Takes the lock file for this process. A holder that is gone is replaced. Appears whole or not at all. */
export function acquireLock(path: string): Lock {
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid) ?? "" });
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      try {
        linkSync(draft, path);
        return { kind: "acquired" };
      } catch (error) {
        if (codeOf(error) !== "EEXIST")
          throw new MeshError("MD6001", `cannot lock ${path}: ${describe(error)}`, { cause: error });
      }
      const holder = readLock(path);
      if (holder !== undefined && isHeld(holder)) return { kind: "held", pid: holder.pid };
      discardStale(path);
    }
    throw new MeshError("MD6001", `cannot lock ${path}: others keep taking it`);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves the stale file away first, and puts it back should it turn out to be somebody's fresh one. */
function discardStale(path: string): void {
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const taken = readLock(aside);
  if (taken !== undefined && isHeld(taken)) {
    try {
      linkSync(aside, path);
    } catch {
      // A third one has it by now.
    }
  }
  rmSync(aside, { force: true });
}

export function readLock(path: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value !== "object" || value === null || !("pid" in value) || !("started" in value)) return undefined;
    return typeof value.pid === "number" && typeof value.started === "string"
      ? { pid: value.pid, started: value.started }
      : undefined;
  } catch {
    return undefined;
  }
}

export function isHeld(holder: LockHolder): boolean {
  const now = startOf(holder.pid);
  if (now !== undefined) return now === holder.started;
  if (process.platform === "linux") return false;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** Start time in clock ticks since boot, from /proc; undefined when the process is gone, a zombie, or there is no /proc. */
export function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
