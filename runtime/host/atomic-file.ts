import { randomBytes } from "node:crypto";
import { chownSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { HostUser } from "./session-folder.ts";

/** Replaces a file whole (0600), so that a reader sees the old or the new one. Does nothing when it already says the same. */
export function replaceFile(path: string, text: string, user: HostUser): void {
  if (readOrNothing(path) === text) return;
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    if (user.owner !== undefined) chownSync(draft, user.owner.uid, user.owner.gid);
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The same of a file of the user's: rights and owner stay, and a link goes on leading to it. */
export function replaceUsersFile(path: string, text: string): void {
  const real = realpathSync(path);
  const { mode, uid, gid } = statSync(real);
  const draft = `${real}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(draft, text, { mode: mode & 0o777 });
    if (process.geteuid?.() === 0) chownSync(draft, uid, gid);
    renameSync(draft, real);
  } finally {
    rmSync(draft, { force: true });
  }
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
