import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { MeshError } from "../../runtime/core/error.ts";
import type { HandshakeEvent, MeshEvent } from "../../runtime/model/event.ts";
import type { Context } from "../context.ts";
import { type MeshClient, openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { decidingPlace } from "../print/deciding-place.ts";
import { excerptLines } from "../print/excerpt.ts";
import { detailLines } from "../print/event-detail.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import type { Line } from "../print/segment.ts";
import { requireSession } from "../session.ts";

export interface WhyOptions extends OutputOptions {
  readonly directory?: string;
}

export async function why(id: string | undefined, options: WhyOptions, context: Context): Promise<number> {
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  const client = await door.connect(session);
  const event = await findEvent(client, id);
  const handshake = await handshakeOf(client, event);
  const printer = createPrinter(context, options.color);
  if (chosenOutput(options) === "json") {
    printer.json({ schemaVersion: 1, event, handshake: handshake ?? null });
    return exitCodes.ok;
  }
  printer.lines(detailLines(event, handshake, printer.glyphs, await sourceLines(event, session.directory)));
  return exitCodes.ok;
}

async function findEvent(client: MeshClient, id: string | undefined): Promise<MeshEvent> {
  const event = await client.event(id ?? "last-refusal");
  if (event !== undefined) return event;
  if (id === undefined)
    throw new MeshError("MD8005", "nothing was refused so far", {
      hint: "Name an event of `meshdev events -o ndjson` to explain it.",
    });
  throw new MeshError("MD8005", `there is no event ${id}`, {
    hint: "Ids are in `meshdev events -o ndjson`; only the last few thousand are kept.",
  });
}

async function handshakeOf(client: MeshClient, event: MeshEvent): Promise<HandshakeEvent | undefined> {
  if ((event.type !== "exchange.completed" && event.type !== "connection.closed") || event.handshake === null)
    return undefined;
  const found = await client.event(event.handshake);
  return found?.type === "handshake.completed" || found?.type === "handshake.failed" ? found : undefined;
}

/** The line of YAML that decided, with a caret, when its file can be read. */
async function sourceLines(event: MeshEvent, directory: string): Promise<readonly Line[]> {
  const at = decidingPlace(event);
  if (at === undefined) return [];
  try {
    return excerptLines(await readFile(resolve(directory, at.file), "utf8"), at);
  } catch {
    return [];
  }
}
