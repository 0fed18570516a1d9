import type { Context } from "../context.ts";
import { openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { seg } from "../print/segment.ts";
import { requireOk, requireSession } from "../session.ts";

export interface ReplayOptions extends OutputOptions {
  readonly directory?: string;
}

/** Sends a request again that was seen, through the same sidecars, under the policies of now. */
export async function replay(id: string, options: ReplayOptions, context: Context): Promise<number> {
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  const client = await door.connect(session);
  const { replay: outcome } = requireOk(await client.command({ type: "exchange.replay", id }));
  const printer = createPrinter(context, options.color);
  if (chosenOutput(options) === "json") {
    printer.json({ schemaVersion: 1, replayOf: id, ...outcome });
    return exitCodes.ok;
  }
  printer.lines([[seg(`${id} sent again: `), seg(String(outcome?.status), "strong")]]);
  printer.note([[seg(`meshdev events --replay --filter request:${outcome?.requestId} shows its hops`, "dim")]]);
  return exitCodes.ok;
}
