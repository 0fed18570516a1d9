import { MeshError } from "../../runtime/core/error.ts";
import type { ColorChoice, Context } from "../context.ts";
import { type Door, type SessionInfo, openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { createPrinter } from "../print/printer.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg } from "../print/segment.ts";
import { requireOk, requireSession } from "../session.ts";

export interface DownOptions {
  readonly directory?: string;
  readonly timeout?: number;
  readonly color: ColorChoice;
}

export async function down(options: DownOptions, context: Context): Promise<number> {
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  await stopMesh(door, session, options.timeout ?? 20_000);
  createPrinter(context, options.color).note([[seg("stopped "), seg(sanitize(session.directory), "strong")]]);
  return exitCodes.ok;
}

/** Asks a mesh to stop and waits until nothing answers for it any more. */
export async function stopMesh(door: Door, session: SessionInfo, timeoutMs: number): Promise<void> {
  try {
    requireOk(await (await door.connect(session)).command({ type: "mesh.stop" }));
  } catch (error) {
    // A daemon that is already going may close the socket before it answers.
    if ((await door.findSession(session.directory)) !== undefined && error instanceof MeshError) throw error;
  }
  const deadline = Date.now() + timeoutMs;
  while ((await door.findSession(session.directory)) !== undefined) {
    if (Date.now() > deadline)
      throw new MeshError("MD8002", `the mesh of ${session.directory} did not stop within ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
