import { execFile, spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const checkout = resolve(import.meta.dirname, "../../..");
export const cli = join(checkout, "dist/cli/bin.js");
export const sampleFolder = join(checkout, "samples/frontend-backend");

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project in a folder of its own, with its own session and state folders, so that no test sees another's mesh. */
export interface Project extends AsyncDisposable {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly write: (path: string, text: string) => void;
  readonly read: (path: string) => string;
  /** Runs the built CLI to its end. */
  readonly meshdev: (...args: readonly string[]) => Promise<Finished>;
  /** Starts the built CLI and leaves it running. */
  readonly start: (...args: readonly string[]) => ChildProcess;
}

/** `files` maps paths to contents, `more` adds variables; the project is stopped and removed on disposal. */
export function createProject(
  files: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): Project {
  // Short names: a Unix socket path has 107 bytes.
  const root = mkdtempSync(join(tmpdir(), "md-"));
  const directory = join(root, "p");
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: root,
    XDG_RUNTIME_DIR: join(root, "r"),
    XDG_STATE_HOME: join(root, "s"),
    NO_COLOR: "1",
    LANG: "C.UTF-8",
    ...more,
  };
  for (const folder of [directory, env.XDG_RUNTIME_DIR, env.XDG_STATE_HOME])
    mkdirSync(folder, { recursive: true, mode: 0o700 });

  const write = (path: string, text: string): void => {
    const target = join(directory, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);

  const meshdev = (...args: readonly string[]): Promise<Finished> =>
    new Promise((done) => {
      execFile(
        process.execPath,
        [cli, ...args],
        { cwd: directory, env, maxBuffer: 64 * 1024 * 1024, timeout: 60_000 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
          done({ code, stdout, stderr });
        },
      );
    });

  return {
    directory,
    env,
    write,
    read: (path) => readFileSync(join(directory, path), "utf8"),
    meshdev,
    start: (...args) =>
      spawn(process.execPath, [cli, ...args], { cwd: directory, env, stdio: ["ignore", "pipe", "pipe"] }),
    [Symbol.asyncDispose]: async () => {
      await meshdev("down");
      // Also after a start that failed: whatever was begun ends by itself, and then nobody writes here any more.
      if (process.platform === "linux")
        await until("its processes to end", () => (processesOf({ env }).length === 0 ? true : undefined));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** The sample, copied, with its published port replaced by a free one. */
export async function createSampleProject(): Promise<Project & { readonly port: number }> {
  const port = await freePort();
  const project = createProject({});
  cpSync(sampleFolder, project.directory, { recursive: true });
  project.write("meshdev.yaml", project.read("meshdev.yaml").replace("publish: 3000", `publish: ${port}`));
  return { ...project, port };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => {
    server.listen(0, "127.0.0.1", listening);
  });
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Everything a child has written so far, growing. */
export function collect(child: ChildProcess): { readonly stdout: () => string; readonly stderr: () => string } {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  return { stdout: () => stdout, stderr: () => stderr };
}

/** The lines of NDJSON output as objects. */
export function parseNdjson(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

/** Polls until `probe` gives a value; a condition, never a sleep. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
  ms = 20_000,
): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`timed out after ${ms} ms: ${what}`);
    await new Promise((next) => setTimeout(next, 10));
  }
}

/** Pids of every process that carries this project's folders in its environment (Linux). */
export function processesOf(project: Pick<Project, "env">): readonly number[] {
  return readdirProc().filter((pid) => {
    try {
      return (
        readFileSync(`/proc/${pid}/environ`, "utf8").includes(project.env["XDG_RUNTIME_DIR"] ?? "\0") && !isZombie(pid)
      );
    } catch {
      return false;
    }
  });
}

function readdirProc(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function isZombie(pid: number): boolean {
  return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}
