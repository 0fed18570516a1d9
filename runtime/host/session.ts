import { createHash, randomBytes } from "node:crypto";
import { chownSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { MeshError } from "../core/error.ts";
import { acquireLock, isHeld, readLock } from "./session-lock.ts";
import { ensurePrivateFolder, isPrivateFolder, sessionBases, type HostUser } from "./session-folder.ts";

/** Files of one running mesh. Socket names are hashes, so that they stay below the 107 bytes a Unix socket name may have. */
export interface SessionPaths {
  readonly root: string;
  readonly control: string;
  readonly outbound: (proxy: string) => string;
  readonly app: (workload: string, port: number) => string;
  readonly hook: (workload: string) => string;
  /** A file of the folder that a container pod shares with its sidecar. */
  readonly podSocket: (workload: string, name: string) => string;
  /** Folder of what a container pod's program is given. */
  readonly podFiles: (workload: string) => string;
}

/** What `session.json` holds; everything another process needs to find the mesh. */
export interface SessionRecord {
  readonly id: string;
  readonly pid: number;
  /** Absolute folder of the project. */
  readonly directory: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Control API socket. */
  readonly control: string;
}

export interface Session {
  readonly id: string;
  readonly record: SessionRecord;
  readonly paths: SessionPaths;
  /** Removes the folder; the reaper does the same when the daemon cannot. */
  readonly remove: () => void;
}

export type OpenedSession =
  | { readonly kind: "opened"; readonly session: Session }
  | { readonly kind: "running"; readonly record: SessionRecord };

const socketNameBytes = 107;

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** The project's folder as one name, whatever links lead to it. */
export function projectKey(directory: string): string {
  return shortHash(canonical(directory));
}

function canonical(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return resolve(directory);
  }
}

export function sessionPaths(root: string): SessionPaths {
  return {
    root,
    control: join(root, "control.sock"),
    outbound: (proxy) => join(root, "o", `${shortHash(proxy)}.sock`),
    app: (workload, port) => join(root, "a", `${shortHash(workload)}-${port}.sock`),
    hook: (workload) => join(root, "hook", `${shortHash(workload)}.json`),
    podSocket: (workload, name) => join(root, "c", shortHash(workload), name),
    podFiles: (workload) => join(root, "f", shortHash(workload)),
  };
}

/** Opens the project's session folder, or says which daemon already has it. @throws MeshError MD6001, MD6002 */
export function openSession(directory: string, user: HostUser, env: NodeJS.ProcessEnv = process.env): OpenedSession {
  const key = projectKey(directory);
  for (const base of sessionBases(user, env)) {
    const record = readRecord(join(base, key), user);
    if (record !== undefined) return { kind: "running", record };
  }
  const root = join(usableBase(user, env), key);
  ensurePrivateFolder(root, user);
  const lock = acquireLock(join(root, "lock"));
  if (lock.kind === "held") {
    return {
      kind: "running",
      record: readRecord(root, user) ?? {
        id: "",
        pid: lock.pid,
        directory,
        startedAt: "",
        control: join(root, "control.sock"),
      },
    };
  }
  return { kind: "opened", session: fill(root, canonical(directory), user) };
}

function fill(root: string, directory: string, user: HostUser): Session {
  const paths = sessionPaths(root);
  // Left behind by a daemon that died without its reaper.
  for (const name of ["o", "a", "c", "f", "hook", "control.sock", "session.json", "id"])
    rmSync(join(root, name), { recursive: true, force: true });
  for (const name of ["o", "a", "c", "f", "hook"]) {
    mkdirSync(join(root, name), { mode: 0o700 });
    if (user.owner !== undefined) chownSync(join(root, name), user.owner.uid, user.owner.gid);
  }
  const id = randomBytes(9).toString("hex");
  const record: SessionRecord = {
    id,
    pid: process.pid,
    directory,
    startedAt: new Date().toISOString(),
    control: paths.control,
  };
  for (const [name, text] of [
    ["id", id],
    ["session.json", JSON.stringify(record)],
  ] as const) {
    writeFileSync(join(root, name), text, { mode: 0o600 });
    if (user.owner !== undefined) chownSync(join(root, name), user.owner.uid, user.owner.gid);
  }
  let removed = false;
  return {
    id,
    record,
    paths,
    remove: () => {
      if (removed) return;
      removed = true;
      if (readIfThere(join(root, "id")) === id) rmSync(root, { recursive: true, force: true });
    },
  };
}

function usableBase(user: HostUser, env: NodeJS.ProcessEnv): string {
  const bases = sessionBases(user, env);
  const short = bases.filter(
    (base) => Buffer.byteLength(join(base, "123456789012", "a", "123456789012-65535.sock")) <= socketNameBytes,
  );
  if (short.length === 0) {
    throw new MeshError("MD6002", `the session folder's path is too long for Unix sockets: ${bases[0] ?? ""}`, {
      hint: "set XDG_RUNTIME_DIR to a short path that only you can enter",
    });
  }
  let failure: unknown;
  for (const base of short) {
    try {
      ensurePrivateFolder(base, user);
      return base;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** The running mesh of a project folder. */
export function findSession(
  directory: string,
  user: HostUser,
  env: NodeJS.ProcessEnv = process.env,
): SessionRecord | undefined {
  const key = projectKey(directory);
  for (const base of sessionBases(user, env)) {
    const record = readRecord(join(base, key), user);
    if (record !== undefined) return record;
  }
  return undefined;
}

/** Every running mesh of this user; folders whose daemon is gone are removed on the way. */
export async function listSessions(
  user: HostUser,
  env: NodeJS.ProcessEnv = process.env,
): Promise<readonly SessionRecord[]> {
  const records: SessionRecord[] = [];
  for (const base of sessionBases(user, env)) {
    const names = isPrivateFolder(base, user) ? await readdir(base) : [];
    for (const name of names.filter((each) => /^[0-9a-f]{12}$/.test(each))) {
      const root = join(base, name);
      const record = readRecord(root, user);
      if (record !== undefined) records.push(record);
      else if (isPrivateFolder(root, user) && isStale(root)) rmSync(root, { recursive: true, force: true });
    }
  }
  return records.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt));
}

function isStale(root: string): boolean {
  const holder = readLock(join(root, "lock"));
  return holder !== undefined && !isHeld(holder);
}

function readRecord(root: string, user: HostUser): SessionRecord | undefined {
  if (!isPrivateFolder(root, user)) return undefined;
  const holder = readLock(join(root, "lock"));
  if (holder === undefined || !isHeld(holder)) return undefined;
  return parseRecord(readIfThere(join(root, "session.json")));
}

function parseRecord(text: string | undefined): SessionRecord | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { id, pid, directory, startedAt, control } = value as Partial<Record<keyof SessionRecord, unknown>>;
    if (typeof id !== "string" || typeof pid !== "number" || typeof directory !== "string") return undefined;
    if (typeof startedAt !== "string" || typeof control !== "string") return undefined;
    return { id, pid, directory, startedAt, control };
  } catch {
    return undefined;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
