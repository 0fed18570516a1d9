import { spawn } from "node:child_process";
import { constants } from "node:os";
import { Duplex } from "node:stream";
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
  const env = { ...context.env, ...answer.env };
  if (answer.launch === undefined) return await runCommand(command, env, context);
  const [name = "", ...rest] = command;
  // Found here, so that a mistyped name is told as such and not as a fault of the pod.
  const file = await door.findProgram(name, context.cwd, context.env["PATH"]).catch((error: unknown) => {
    throw new MeshError("MD8007", `cannot run ${name}: ${error instanceof Error ? error.message : String(error)}`);
  });
  return await runCommand([...answer.launch, file, ...rest], env, context, true);
}

function runCommand(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  context: Context,
  isPod = false,
): Promise<number> {
  const [program = "", ...rest] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, {
      cwd: context.cwd,
      env,
      stdio: ["inherit", "inherit", "inherit", ...(isPod ? (["pipe"] as const) : [])],
    });
    const channel = child.stdio[3];
    if (channel instanceof Duplex) {
      channel.on("error", () => undefined);
      channel.on("data", (chunk: Buffer) => {
        const said = chunk.toString("utf8").trim();
        if (said === "ready") channel.end("go\n");
        else reject(new MeshError("MD6011", `its network pod could not be made: ${said.replace(/^fail /, "")}`));
      });
    }
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
