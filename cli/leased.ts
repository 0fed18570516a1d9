import { type ChildProcess, spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { MeshError } from "../runtime/core/error.ts";
import type { CommandAnswer } from "../runtime/model/command.ts";
import type { Context } from "./context.ts";
import type { Door } from "./door.ts";

export interface LeasedProgram {
  readonly child: ChildProcess;
  /** Rejects when the program's network pod cannot be made. */
  readonly fault: Promise<never>;
}

/** Starts a command in the name of a lease: behind a hook by its variables, or in a network pod of its own. @throws MeshError MD8007 */
export async function startLeased(
  door: Door,
  [name = "", ...rest]: readonly string[],
  lease: Extract<CommandAnswer, { readonly ok: true }>,
  context: Context,
  stdio: readonly ["inherit" | "pipe", "inherit" | "pipe", "inherit" | "pipe"],
): Promise<LeasedProgram> {
  const options = { cwd: context.cwd, env: { ...context.env, ...lease.env } };
  if (lease.launch === undefined)
    return { child: spawn(name, rest, { ...options, stdio: [...stdio] }), fault: new Promise(() => undefined) };
  // Found here, so that a mistyped name is told as such and not as a fault of the pod.
  const file = await door.findProgram(name, context.cwd, context.env["PATH"]).catch((error: unknown) => {
    throw new MeshError("MD8007", `cannot run ${name}: ${error instanceof Error ? error.message : String(error)}`);
  });
  const [launcher = "", ...words] = lease.launch;
  const child = spawn(launcher, [...words, file, ...rest], { ...options, stdio: [...stdio, "pipe"] });
  return { child, fault: admit(child.stdio[3]) };
}

/** A pod says when it is there, and runs its program when it is told to. */
function admit(channel: unknown): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (!(channel instanceof Duplex)) return;
    channel.on("error", () => undefined);
    channel.on("data", (chunk: Buffer) => {
      const said = chunk.toString("utf8").trim();
      if (said === "ready") channel.end("go\n");
      else reject(new MeshError("MD6011", `its network pod could not be made: ${said.replace(/^fail /, "")}`));
    });
  });
}
