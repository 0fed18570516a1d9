import { spawn } from "node:child_process";
import { constants } from "node:os";
import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import { openDoor } from "../door.ts";
import { requireOk, requireSession } from "../session.ts";

export interface ExecOptions {
  readonly directory?: string;
  readonly as: string;
}

/** Runs a command with a leased identity; returns the command's exit code. */
export async function exec(command: readonly string[], options: ExecOptions, context: Context): Promise<number> {
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  await using client = await door.connect(session);
  const service = options.as.replace(/^svc\//, "");
  const answer = requireOk(await client.command({ type: "lease.acquire", service }));
  // The lease lasts as long as the client, so nothing is left when we are killed.
  return await runCommand(command, { ...context.env, ...answer.env }, context);
}

function runCommand(command: readonly string[], env: NodeJS.ProcessEnv, context: Context): Promise<number> {
  const [program = "", ...rest] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { cwd: context.cwd, env, stdio: "inherit" });
    // The terminal sends SIGINT to the command as well; other signals reach only us.
    const forward = (): void => {
      if (context.signal.reason !== 130) child.kill("SIGTERM");
    };
    context.signal.addEventListener("abort", forward);
    child.on("error", (error) => {
      reject(new MeshError("MD8007", `cannot run ${program}: ${error.message}`));
    });
    child.on("exit", (code, signal) => {
      context.signal.removeEventListener("abort", forward);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
