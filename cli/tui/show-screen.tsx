import type { Watched, WatchOptions } from "../commands/watch.ts";
import type { Context } from "../context.ts";

export async function showScreen(_watched: Watched, _options: WatchOptions, _context: Context): Promise<number> {
  throw new Error("not yet");
}
