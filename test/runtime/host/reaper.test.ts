import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startReaper } from "../../../runtime/host/reaper/reaper.ts";
import { startOf } from "../../../runtime/host/session-lock.ts";

const source = resolve(import.meta.dirname, "../../../runtime/host");
let folder = "";
const daemons: ChildProcess[] = [];
afterEach(() => {
  for (const daemon of daemons.splice(0)) daemon.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

function open(id: string): string {
  folder = mkdtempSync(join(tmpdir(), "md-reaper-"));
  const session = join(folder, "session");
  mkdirSync(join(session, "a"), { recursive: true });
  writeFileSync(join(session, "id"), id);
  return session;
}

const isAlive = (pid: number): boolean => startOf(pid) !== undefined;

describe("the reaper", () => {
  it("when the daemon is killed: ends watched groups, escapees and itself, and removes the folder", async () => {
    const session = open("reaper-test-1");
    // A daemon that starts an app with a child, an app that leaves its group, and listens on a socket in the folder.
    const daemon = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `
      import { spawn } from "node:child_process";
      import { createServer } from "node:net";
      import { startReaper } from ${JSON.stringify(join(source, "reaper/reaper.ts"))};
      const reaper = startReaper({ id: "reaper-test-1", folder: ${JSON.stringify(session)} });
      const env = { ...process.env, MESHDEV_SESSION: "reaper-test-1" };
      const app = spawn("/bin/sh", ["-c", "trap '' TERM; sleep 600 & echo $!; wait"], { detached: true, env: { PATH: process.env.PATH }, stdio: ["ignore", "pipe", "ignore"] });
      const escaped = spawn("sleep", ["601"], { detached: true, env, stdio: "ignore" });
      reaper.watch(app.pid);
      createServer().listen(${JSON.stringify(join(session, "a", "x.sock"))}, () => {
        app.stdout.once("data", (d) => console.log(JSON.stringify([reaper.pid, app.pid, Number(d), escaped.pid])));
      });
    `,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    daemons.push(daemon);
    const [line] = await once(daemon.stdout, "data");
    const pids: number[] = JSON.parse(String(line));
    expect(pids.map(isAlive)).toEqual([true, true, true, true]);
    expect(existsSync(join(session, "a", "x.sock"))).toBe(true);
    daemon.kill("SIGKILL");
    await vi.waitFor(() => {
      expect(pids.map(isAlive)).toEqual([false, false, false, false]);
      expect(existsSync(session)).toBe(false);
    }, 5000);
  });

  it("spares groups that were forgotten, and strangers", async () => {
    const session = open("reaper-test-2");
    const stranger = spawn("sleep", ["602"], {
      detached: true,
      stdio: "ignore",
      env: { PATH: process.env["PATH"], MESHDEV_SESSION: "reaper-test-22" },
    });
    const forgotten = spawn("sleep", ["603"], { detached: true, stdio: "ignore" });
    const watched = spawn("sleep", ["604"], { detached: true, stdio: "ignore" });
    const reaper = startReaper({ id: "reaper-test-2", folder: session });
    for (const child of [forgotten, watched]) reaper.watch(child.pid ?? 0);
    reaper.watch(0);
    reaper.watch(1);
    reaper.forget(forgotten.pid ?? 0);
    try {
      await Promise.all([reaper.close(), once(watched, "exit")]);
      expect(isAlive(stranger.pid ?? 0)).toBe(true);
      expect(isAlive(forgotten.pid ?? 0)).toBe(true);
      expect(existsSync(session)).toBe(false);
    } finally {
      stranger.kill();
      forgotten.kill();
    }
  });

  it("leaves the folder to a session that has taken it over, and costs no more than a small shell", async () => {
    const session = open("reaper-test-3");
    const reaper = startReaper({ id: "reaper-test-3", folder: session });
    writeFileSync(join(session, "id"), "another");
    const kib = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${reaper.pid}/status`, "utf8"))?.[1]);
    await reaper.close();
    expect(existsSync(session)).toBe(true);
    expect(kib).toBeLessThan(8192);
  });
});
