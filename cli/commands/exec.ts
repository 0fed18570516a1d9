import { constants } from "node:os";
import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import { openDoor } from "../door.ts";
import { type LeasedProgram, startLeased } from "../leased.ts";
import { bareName } from "../options.ts";
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
  const lease = requireOk(await client.command({ type: "lease.acquire", service: bareName(options.as) }));
  // The lease lasts as long as the client, so nothing is left when we are killed.
  const program = await startLeased(door, command, lease, context, ["inherit", "inherit", "inherit"]);
  return await Promise.race([exitOf(command[0] ?? "", program, context), program.fault]);
}

/** The user's own shell in the name of a service. */
export async function shell(service: string, options: Omit<ExecOptions, "as">, context: Context): Promise<number> {
  const as = bareName(service);
  const env = { ...context.env, MESHDEV_AS: as };
  return await exec([context.env["SHELL"] ?? "sh"], { ...options, as }, { ...context, env });
}

function exitOf(name: string, { child }: LeasedProgram, context: Context): Promise<number> {
  return new Promise((resolve, reject) => {
    // The terminal sends SIGINT to the command as well; other signals reach only us.
    const forward = (): void => {
      if (context.signal.reason !== 130) child.kill("SIGTERM");
    };
    context.signal.addEventListener("abort", forward);
    child.on("error", (error) => {
      reject(new MeshError("MD8007", `cannot run ${name}: ${error.message}`));
    });
    child.on("exit", (code, signal) => {
      context.signal.removeEventListener("abort", forward);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
