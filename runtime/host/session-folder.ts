import { chownSync, lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeshError } from "../core/error.ts";

/** Who the mesh runs for. Under sudo the daemon is root and programs run as the user who asked. */
export interface HostUser {
  /** Owner that our folders must have. */
  readonly uid: number;
  /** Set under sudo: the user that folders and programs are given to. */
  readonly owner: { readonly uid: number; readonly gid: number; readonly name: string } | undefined;
}

/** @param env to read SUDO_UID, SUDO_GID and SUDO_USER, which count for root only. */
export function currentUser(env: NodeJS.ProcessEnv = process.env): HostUser {
  const own = process.getuid?.() ?? 0;
  const uid = Number(env["SUDO_UID"]);
  const gid = Number(env["SUDO_GID"]);
  if (own !== 0 || !Number.isInteger(uid) || !Number.isInteger(gid) || uid <= 0 || env["SUDO_UID"] === "")
    return { uid: own, owner: undefined };
  return { uid, owner: { uid, gid, name: env["SUDO_USER"] ?? String(uid) } };
}

/** Folders that may hold sessions, best first. Another shell may have other variables, so all are searched. */
export function sessionBases(user: HostUser, env: NodeJS.ProcessEnv): readonly string[] {
  const runtime = env["XDG_RUNTIME_DIR"];
  const temporary = [...new Set([tmpdir(), "/tmp"])].map((folder) => join(folder, `meshdev-${user.uid}`));
  const fromEnv =
    runtime !== undefined && runtime.startsWith("/") && user.owner === undefined ? [join(runtime, "meshdev")] : [];
  return [...fromEnv, ...temporary];
}

/** Makes the folder (0700), or accepts one that is ours alone. A link is never followed. @throws MeshError MD6001 */
export function ensurePrivateFolder(path: string, user: HostUser): void {
  try {
    mkdirSync(path, { mode: 0o700 });
    if (user.owner !== undefined) chownSync(path, user.owner.uid, user.owner.gid);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw refuse(path, `cannot be made: ${describe(error)}`, error);
  }
  const fault = findFault(path, user);
  if (fault !== undefined) throw refuse(path, fault);
}

export function isPrivateFolder(path: string, user: HostUser): boolean {
  return findFault(path, user) === undefined;
}

function findFault(path: string, user: HostUser): string | undefined {
  try {
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) return "is a link";
    if (!stat.isDirectory()) return "is not a folder";
    if (process.platform === "win32") return undefined;
    if (stat.uid !== user.uid) return `belongs to user ${stat.uid}, not ${user.uid}`;
    if ((stat.mode & 0o077) !== 0) return `is open to others (mode ${(stat.mode & 0o777).toString(8)})`;
    return undefined;
  } catch (error) {
    return describe(error);
  }
}

function refuse(path: string, fault: string, cause?: unknown): MeshError {
  return new MeshError("MD6001", `the session folder ${path} ${fault}`, {
    hint: "set XDG_RUNTIME_DIR to a folder that only you can enter, or remove that path",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The system's code of an error (`ENOENT`), or undefined for anything else. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
