import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { until } from "../../e2e/support/project.ts";

/** A program by the variable that names it, or from PATH. */
export function findProgram(name: string, variable: string): string | undefined {
  const named = process.env[variable];
  if (named !== undefined && named !== "") return isExecutable(named) ? named : undefined;
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface RunningProgram extends AsyncDisposable {
  readonly pid: number;
}

/** Starts a program and waits until its Unix sockets are there; what it said is in the error if it ends instead. */
export async function startProgram(
  command: string,
  args: readonly string[],
  sockets: readonly string[],
): Promise<RunningProgram> {
  const child: ChildProcess = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4000);
    });
  const exit = new Promise<void>((done) => {
    child.once("exit", () => {
      done();
    });
    child.once("error", (error) => {
      said += error.message;
      done();
    });
  });
  const dispose = async (): Promise<void> => {
    child.kill("SIGTERM");
    const killed = setTimeout(() => child.kill("SIGKILL"), 3000);
    await exit;
    clearTimeout(killed);
  };
  try {
    await until(`${command} to listen`, () => {
      if (child.exitCode !== null || child.pid === undefined) throw new Error(`${command} ended: ${said}`);
      return sockets.every((path) => existsSync(path)) ? true : undefined;
    });
  } catch (error) {
    await dispose();
    throw error;
  }
  return { pid: child.pid ?? 0, [Symbol.asyncDispose]: dispose };
}
