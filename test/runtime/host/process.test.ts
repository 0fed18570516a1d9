import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../runtime/core/clock.ts";
import { MeshError } from "../../../runtime/core/error.ts";
import { createLineSplitter, maxLineLength } from "../../../runtime/host/lines.ts";
import { startProcess, type RunningProcess } from "../../../runtime/host/process.ts";
import { listProcessTree, measureUsage } from "../../../runtime/host/process-tree.ts";
import { startOf } from "../../../runtime/host/session-lock.ts";
import { currentUser, type HostUser } from "../../../runtime/host/session-folder.ts";

let folder = "";
let lines: string[] = [];
const started: RunningProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "md-process-"));
  lines = [];
});
afterEach(async () => {
  for (const each of started.splice(0)) await each.stop(0);
  rmSync(folder, { recursive: true, force: true });
});

async function run(
  command: string | readonly string[],
  user: HostUser = { uid: 0, owner: undefined },
  cwd = folder,
): Promise<RunningProcess> {
  const child = await startProcess({
    command,
    cwd,
    env: { PATH: process.env["PATH"] ?? "", GREETING: "hello" },
    user,
    clock: systemClock,
    onLine: (stream, line) => lines.push(`${stream}: ${line}`),
  });
  started.push(child);
  return child;
}

async function refusal(command: string | readonly string[], cwd = folder): Promise<string> {
  try {
    await run(command, undefined, cwd);
  } catch (error) {
    if (error instanceof MeshError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "started";
}

describe("programs", () => {
  it("a string is run by sh, a list as it is, in the folder, with the environment and nothing else", async () => {
    const shell = await run("echo $GREETING-$HOME; pwd >&2; exit 3");
    expect(await shell.exited).toEqual({ code: 3, signal: null });
    expect(lines.toSorted()).toEqual([`stderr: ${folder}`, "stdout: hello-"]);
    lines = [];
    const list = await run(["printf", "%s", "$GREETING; x"]);
    expect(await list.exited).toEqual({ code: 0, signal: null });
    expect(lines).toEqual(["stdout: $GREETING; x"]);
  });

  it("says exactly why a program cannot be started", async () => {
    writeFileSync(join(folder, "script.sh"), "#!/bin/sh\n");
    expect(await refusal(["no-such-program"])).toBe("MD4001 no-such-program was not found in PATH");
    expect(await refusal(["./nothing"])).toBe("MD4001 ./nothing does not exist");
    expect(await refusal(["./script.sh"])).toBe("MD4001 ./script.sh is not executable");
    expect(await refusal([folder])).toBe(`MD4001 ${folder} is a folder`);
    expect(await refusal(["true"], join(folder, "gone"))).toBe(
      `MD4001 the working directory ${folder}/gone does not exist`,
    );
    expect(await refusal([])).toBe("MD4001 the command is empty");
  });

  it("TERM goes to the whole group; what ignores it is killed after the grace", async () => {
    const polite = await run(`trap 'echo bye; exit 42' TERM; echo up; while :; do sleep 0.02; done`);
    await vi.waitFor(() => expect(lines).toContain("stdout: up"));
    expect(await polite.stop()).toEqual({ code: 42, signal: null });
    expect(lines).toContain("stdout: bye");
    lines = [];
    const stubborn = await run(`trap '' TERM; sh -c 'trap "" TERM; echo $$; sleep 600' & wait; sleep 600`);
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    const grandchild = Number(lines[0]?.split(" ")[1]);
    expect(await stubborn.stop(50)).toEqual({ code: null, signal: "SIGKILL" });
    await vi.waitFor(() => expect(startOf(grandchild)).toBeUndefined());
  });

  it("children that a program leaves behind end with it, and do not delay its end", async () => {
    const child = await run("sleep 600 & echo $!");
    expect(await child.exited).toEqual({ code: 0, signal: null });
    const left = Number(lines[0]?.split(" ")[1]);
    await vi.waitFor(() => expect(startOf(left)).toBeUndefined());
  });

  it("a program that dies by a signal says so", async () => {
    const child = await run("kill -SEGV $$");
    expect(await child.exited).toEqual({ code: null, signal: "SIGSEGV" });
  });

  it.skipIf(process.getuid?.() !== 0)(
    "under sudo, programs run as the user who asked, with that user's groups (needs root)",
    async () => {
      expect(currentUser({ SUDO_UID: "65534", SUDO_GID: "65534", SUDO_USER: "nobody" })).toEqual({
        uid: 65534,
        owner: { uid: 65534, gid: 65534, name: "nobody" },
      });
      const child = await run(
        "id -u; id -g; echo $USER",
        { uid: 65534, owner: { uid: 65534, gid: 65534, name: "nobody" } },
        "/",
      );
      await child.exited;
      expect(lines).toEqual(["stdout: 65534", "stdout: 65534", "stdout: nobody"]);
    },
  );

  it("counts memory and time of a program with its children", async () => {
    const child = await run("sleep 600 & sleep 601 & echo up; wait");
    await vi.waitFor(() => expect(listProcessTree(child.pid)).toHaveLength(3));
    const usage = measureUsage(child.pid);
    expect(usage.rssBytes).toBeGreaterThan(100_000);
    expect(usage.cpuSeconds).toBeGreaterThanOrEqual(0);
    expect(measureUsage(2 ** 22 + 1)).toEqual({ rssBytes: null, cpuSeconds: null });
  });
});

function split(...chunks: readonly (string | Uint8Array)[]): string[] {
  const seen: string[] = [];
  const splitter = createLineSplitter((line) => seen.push(line));
  for (const chunk of chunks) splitter.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  splitter.end();
  return seen;
}

describe("output lines", () => {
  it("joins pieces, keeps empty lines, drops carriage returns, delivers the last line without an end", () => {
    expect(split("a", "b\nc\r\n\nd")).toEqual(["ab", "c", "", "d"]);
    expect(split(Buffer.from("ä").subarray(0, 1), Buffer.from("ä").subarray(1), "\n")).toEqual(["ä"]);
    expect(split(Uint8Array.from([0xff, 0x41, 0x0a]))).toEqual(["�A"]);
  });

  it("a line without end never grows", () => {
    const long = "x".repeat(maxLineLength);
    expect(split(long, long, "\nnext\n")).toEqual([`${long}…`, "next"]);
    expect(split(`${long}yy\nnext`)).toEqual([`${long}…`, "next"]);
    expect(split(`${long}\n`)).toEqual([long]);
  });
});
