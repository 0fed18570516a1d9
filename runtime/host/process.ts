import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Duplex } from "node:stream";
import { execa } from "execa";
import type { Clock } from "../core/clock.ts";
import { MeshError } from "../core/error.ts";
import { checkWorkingDirectory, findExecutable } from "./find-executable.ts";
import { createLineSplitter } from "./lines.ts";
import { describe, type HostUser } from "./session-folder.ts";

export interface ProgramExit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface RunningProcess {
  /** Also the number of its process group. */
  readonly pid: number;
  /** After the output has ended, or half a second later when a child keeps it open. */
  readonly exited: Promise<ProgramExit>;
  /** TERM to the group, KILL after the grace; resolves when it is gone. */
  readonly stop: (graceMs?: number) => Promise<ProgramExit>;
  readonly signal: (signal: NodeJS.Signals) => void;
}

export interface ProcessOptions {
  /** A string is run by `sh -c`, a list as it is. */
  readonly command: string | readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly user: HostUser;
  readonly clock: Clock;
  readonly onLine: (stream: "stdout" | "stderr", line: string) => void;
  /** What the program is put into; undefined: nothing. */
  readonly enclosure?: Enclosure;
}

/** Commands that make a place for a program and then become it, with the same process id. */
export interface Enclosure {
  /** The whole command; takes care of the user that the program runs as. */
  readonly wrap: (argv: readonly string[]) => readonly string[];
  /** Talks with those commands on their file descriptor 3; resolves when the program runs, rejects when it cannot. */
  readonly enter: (pid: number, channel: Duplex, exited: Promise<ProgramExit>) => Promise<void>;
  /** The program has ended: whatever it left in there, which may hold its output open, must end too. */
  readonly leave: () => void;
}

export const graceMs = 5000;
/** A grandchild may hold the output open for ever. */
const outputGraceMs = 500;

/** Starts a program in its own process group. @throws MeshError MD4001 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  checkWorkingDirectory(options.cwd);
  const argv = typeof options.command === "string" ? ["/bin/sh", "-c", options.command] : [...options.command];
  const file = findExecutable(argv[0] ?? "", options.cwd, options.env["PATH"]);
  const { enclosure } = options;
  const launch = launchOf([file, ...argv.slice(1)], options);
  const subprocess = execa(launch.file, launch.args, {
    cwd: options.cwd,
    env: launch.env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    stdio: enclosure === undefined ? ["ignore", "pipe", "pipe"] : ["ignore", "pipe", "pipe", "pipe"],
    encoding: "buffer",
    stripFinalNewline: false,
    ...launch.ids,
  });
  const child = subprocess.nodeChildProcess;
  const ended = Promise.all([
    forward(subprocess.stdout, (line) => options.onLine("stdout", line)),
    forward(subprocess.stderr, (line) => options.onLine("stderr", line)),
  ]);
  const exited = waitForEnd(child, ended, options.clock);
  const name = argv[0] ?? "";
  let cause: unknown;
  try {
    // A failure to spawn is an event of the child, or the result of the subprocess.
    await Promise.race([once(child, "spawn"), subprocess]);
  } catch (error) {
    cause = error;
  }
  const pid = child.pid;
  if (pid === undefined) {
    throw new MeshError("MD4001", `${name} could not be started${cause === undefined ? "" : `: ${describe(cause)}`}`, {
      cause,
    });
  }

  let gone = false;
  child.once("exit", () => {
    gone = true;
    // What the program leaves behind ends with it, as in a container.
    signalGroup(pid, "SIGKILL");
    enclosure?.leave();
  });
  const channel = child.stdio[3];
  if (enclosure !== undefined && channel instanceof Duplex) {
    try {
      await enclosure.enter(pid, channel, exited);
    } catch (error) {
      signalGroup(pid, "SIGKILL");
      throw error;
    } finally {
      channel.destroy();
    }
  }
  return {
    pid,
    exited,
    signal: (signal) => signalGroup(pid, signal),
    stop: async (grace = graceMs) => {
      if (!gone) signalGroup(pid, "SIGTERM");
      const cancel = options.clock.after(grace, () => signalGroup(pid, "SIGKILL"));
      const exit = await exited;
      cancel();
      return exit;
    },
  };
}

async function waitForEnd(child: ChildProcess, output: Promise<unknown>, clock: Clock): Promise<ProgramExit> {
  const exit = await new Promise<ProgramExit>((done) => {
    child.once("exit", (code, signal) => done({ code, signal }));
  });
  const patience = new Promise<void>((done) => {
    clock.after(outputGraceMs, done);
  });
  await Promise.race([output, patience]);
  return exit;
}

/** Signals every process of the group; one that is gone is no error. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  // Group 0 or 1 would be ourselves, or everybody.
  if (!Number.isInteger(group) || group <= 1) return;
  try {
    process.kill(-group, signal);
  } catch {
    // Gone already.
  }
}

function forward(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  const splitter = createLineSplitter(onLine);
  return new Promise((done) => {
    stream.on("data", (chunk: Uint8Array) => splitter.push(chunk));
    stream.once("error", () => done());
    stream.once("close", () => {
      splitter.end();
      done();
    });
  });
}

interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly ids: { readonly uid?: number; readonly gid?: number };
}

function launchOf(argv: readonly string[], options: ProcessOptions): Launch {
  if (options.enclosure === undefined) return asUser(argv, options);
  const [file = "", ...args] = options.enclosure.wrap(argv);
  return { file, args, env: ownerEnvironment(options), ids: {} };
}

function ownerEnvironment({ user: { owner }, env }: ProcessOptions): Readonly<Record<string, string>> {
  if (owner === undefined) return env;
  return { ...env, USER: owner.name, LOGNAME: owner.name, HOME: homeOf(owner.uid) ?? env["HOME"] ?? "/" };
}

/** Under sudo, programs run as the user who asked: setpriv also gives them that user's groups, and executes in place. */
function asUser(argv: readonly string[], options: ProcessOptions): Launch {
  const [file = "", ...args] = argv;
  const owner = options.user.owner;
  if (owner === undefined) return { file, args, env: options.env, ids: {} };
  const env = ownerEnvironment(options);
  const setpriv = findSetpriv();
  if (setpriv === undefined) return { file, args, env, ids: { uid: owner.uid, gid: owner.gid } };
  return {
    file: setpriv,
    args: ["--reuid", String(owner.uid), "--regid", String(owner.gid), "--init-groups", "--", file, ...args],
    env,
    ids: {},
  };
}

function findSetpriv(): string | undefined {
  try {
    return findExecutable("setpriv", "/", "/usr/bin:/bin");
  } catch {
    return undefined;
  }
}

function homeOf(uid: number): string | undefined {
  try {
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((each) => each.split(":")[2] === String(uid));
    return line?.split(":")[5];
  } catch {
    return undefined;
  }
}
