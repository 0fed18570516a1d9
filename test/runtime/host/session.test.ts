import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MeshError } from "../../../runtime/core/error.ts";
import { findSession, listSessions, openSession, sessionPaths, type Session } from "../../../runtime/host/session.ts";
import { currentUser, ensurePrivateFolder, sessionBases } from "../../../runtime/host/session-folder.ts";
import { acquireLock, isHeld, readLock } from "../../../runtime/host/session-lock.ts";

const user = currentUser({});
let folder = "";
let env: NodeJS.ProcessEnv = {};
const open: Session[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "md-session-"));
  mkdirSync(join(folder, "run"), { mode: 0o700 });
  mkdirSync(join(folder, "project"));
  env = { XDG_RUNTIME_DIR: join(folder, "run") };
});
afterEach(() => {
  for (const session of open.splice(0)) session.remove();
  rmSync(folder, { recursive: true, force: true });
});

function opened(directory = join(folder, "project")): Session {
  const result = openSession(directory, user, env);
  if (result.kind === "running") throw new Error(`already running: ${result.record.pid}`);
  open.push(result.session);
  return result.session;
}

function refusal(act: () => unknown): string {
  try {
    act();
    return "accepted";
  } catch (error) {
    return error instanceof MeshError ? `${error.code} ${error.message}` : String(error);
  }
}

describe("the session folder", () => {
  it("is private, holds its record, and goes with the session", async () => {
    const session = opened();
    const { root, outbound, app, hook, control } = session.paths;
    expect(root.startsWith(join(folder, "run", "meshdev"))).toBe(true);
    for (const path of [root, join(root, "o"), join(root, "a"), join(root, "hook")])
      expect(lstatSync(path).mode & 0o777).toBe(0o700);
    expect(findSession(join(folder, "project"), user, env)).toEqual(session.record);
    expect(session.record).toMatchObject({ pid: process.pid, directory: join(folder, "project"), control });
    expect(await listSessions(user, env)).toContainEqual(session.record);
    const sockets = [outbound("a".repeat(200)), app("frontend-1", 65535), hook("x"), control];
    expect(new Set(sockets).size).toBe(4);
    session.remove();
    session.remove();
    expect(existsSync(root)).toBe(false);
    expect(findSession(join(folder, "project"), user, env)).toBeUndefined();
  });

  it("a second one in the same project finds the first, also through a link; other projects do not meet it", () => {
    const session = opened();
    symlinkSync(join(folder, "project"), join(folder, "link"));
    expect(openSession(join(folder, "link"), user, env)).toEqual({ kind: "running", record: session.record });
    mkdirSync(join(folder, "other"));
    expect(opened(join(folder, "other")).paths.root).not.toBe(session.paths.root);
  });

  it("names of sockets differ by workload and port and stay below 107 bytes", () => {
    const paths = sessionPaths("/run/user/1000/meshdev/0123456789ab");
    const names = [
      paths.app("a", 80),
      paths.app("a", 81),
      paths.app("b", 80),
      paths.outbound("a"),
      paths.outbound("b"),
    ];
    expect(new Set(names).size).toBe(5);
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThan(108);
  });

  it("a long XDG_RUNTIME_DIR is passed over for a short place", () => {
    const long = join(folder, "run", "x".repeat(100));
    mkdirSync(long, { mode: 0o700 });
    env = { XDG_RUNTIME_DIR: long };
    const session = opened();
    expect(session.paths.root.startsWith(long)).toBe(false);
    expect(Buffer.byteLength(session.paths.app("a", 65535))).toBeLessThan(108);
  });

  it("what a dead daemon left behind is taken over, and cleaned by a listing", async () => {
    const child = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `
      import { openSession } from ${JSON.stringify(resolve("runtime/host/session.ts"))};
      import { currentUser } from ${JSON.stringify(resolve("runtime/host/session-folder.ts"))};
      import { writeFileSync } from "node:fs";
      const { session } = openSession(${JSON.stringify(join(folder, "project"))}, currentUser({}));
      writeFileSync(session.paths.app("x", 1), "");
      console.log(session.paths.root);
      setInterval(() => {}, 1000);
    `,
      ],
      { env: { ...env }, stdio: ["ignore", "pipe", "inherit"] },
    );
    const [line] = await once(child.stdout, "data");
    const root = String(line).trim();
    expect(openSession(join(folder, "project"), user, env).kind).toBe("running");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(findSession(join(folder, "project"), user, env)).toBeUndefined();
    expect(await listSessions(user, env)).toEqual(
      expect.not.arrayContaining([expect.objectContaining({ directory: join(folder, "project") })]),
    );
    expect(existsSync(root)).toBe(false);
    mkdirSync(join(root, "a"), { recursive: true, mode: 0o700 });
    chmodSync(root, 0o700);
    writeFileSync(join(root, "lock"), JSON.stringify({ pid: child.pid, started: "1" }));
    writeFileSync(join(root, "a", "old.sock"), "");
    const session = opened();
    expect(session.paths.root).toBe(root);
    expect(existsSync(join(root, "a", "old.sock"))).toBe(false);
  });

  it("refuses links, files, and folders that are open to others or not ours", () => {
    symlinkSync(join(folder, "project"), join(folder, "linked"));
    writeFileSync(join(folder, "file"), "");
    mkdirSync(join(folder, "wide"), { mode: 0o777 });
    chmodSync(join(folder, "wide"), 0o750);
    expect(refusal(() => ensurePrivateFolder(join(folder, "linked"), user))).toMatch(/^MD6001 .* is a link$/);
    expect(refusal(() => ensurePrivateFolder(join(folder, "file"), user))).toMatch(/is not a folder$/);
    expect(refusal(() => ensurePrivateFolder(join(folder, "wide"), user))).toMatch(/open to others \(mode 750\)$/);
    expect(refusal(() => ensurePrivateFolder(join(folder, "run"), { uid: user.uid + 1, owner: undefined }))).toMatch(
      /belongs to user/,
    );
    expect(refusal(() => ensurePrivateFolder(join(folder, "no", "where"), user))).toMatch(/^MD6001 .* cannot be made/);
  });

  it("under sudo the folder belongs to the user who asked; for others SUDO_UID means nothing", () => {
    const asked = { SUDO_UID: "1234", SUDO_GID: "1235", SUDO_USER: "ann" };
    const owner = process.getuid?.() === 0 ? { uid: 1234, gid: 1235, name: "ann" } : undefined;
    expect(currentUser(asked).owner).toEqual(owner);
    expect(currentUser({ SUDO_UID: "x", SUDO_GID: "1" }).owner).toBeUndefined();
    expect(
      sessionBases({ uid: 1234, owner: { uid: 1234, gid: 1235, name: "ann" } }, { XDG_RUNTIME_DIR: "/run/user/0" })[0],
    ).toContain("meshdev-1234");
  });

  it.skipIf(process.getuid?.() !== 0)("as root under sudo, every file is given to the user (needs root)", () => {
    chmodSync(folder, 0o711);
    const result = openSession(
      join(folder, "project"),
      { uid: 1234, owner: { uid: 1234, gid: 1235, name: "ann" } },
      env,
    );
    if (result.kind !== "opened") throw new Error("running");
    const { root } = result.session.paths;
    for (const path of [root, join(root, "a"), join(root, "session.json")])
      expect(lstatSync(path)).toMatchObject({ uid: 1234, gid: 1235 });
    rmSync(dirname(root), { recursive: true, force: true });
  });
});

describe("the lock", () => {
  it("is held by a living process only, and never by a later one with its number", () => {
    const path = join(folder, "lock");
    expect(acquireLock(path)).toEqual({ kind: "acquired" });
    expect(acquireLock(path)).toEqual({ kind: "held", pid: process.pid });
    writeFileSync(path, JSON.stringify({ pid: process.pid, started: "1" }));
    // Without /proc the number is all there is to go by.
    const other = process.platform === "linux" ? { kind: "acquired" } : { kind: "held", pid: process.pid };
    expect(acquireLock(path)).toEqual(other);
    writeFileSync(path, "not json");
    expect(acquireLock(path)).toEqual({ kind: "acquired" });
    const holder = readLock(path);
    expect(holder !== undefined && isHeld(holder)).toBe(true);
    expect(isHeld({ pid: 2 ** 22 + 1, started: "1" })).toBe(false);
    expect(refusal(() => acquireLock(join(folder, "no", "lock")))).toContain("ENOENT");
  });
});
