import type { Context } from "../context.ts";
import { openDoor } from "../door.ts";
import { requireSession } from "../session.ts";
import { watchMesh, type WatchOptions } from "./watch.ts";

export interface AttachOptions extends WatchOptions {
  readonly directory?: string;
}

export async function attach(options: AttachOptions, context: Context): Promise<number> {
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  return watchMesh({ door, session, client: await door.connect(session), started: undefined }, options, context);
}
