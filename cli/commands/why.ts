import type { Context } from "../context.ts";
import { openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { findEvent } from "../find-event.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { requireSession } from "../session.ts";
import { handshakeOf, whyLines } from "../why-text.ts";

export interface WhyOptions extends OutputOptions {
  readonly directory?: string;
}

export async function why(id: string | undefined, options: WhyOptions, context: Context): Promise<number> {
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  const client = await door.connect(session);
  const event = await findEvent(client, id);
  const printer = createPrinter(context, options.color);
  if (chosenOutput(options) === "json") {
    printer.json({ schemaVersion: 1, event, handshake: (await handshakeOf(client, event)) ?? null });
    return exitCodes.ok;
  }
  printer.lines(await whyLines(client, event, session.directory, printer.glyphs));
  return exitCodes.ok;
}
