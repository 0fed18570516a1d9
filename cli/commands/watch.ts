import type { Context } from "../context.ts";
import type { Door, MeshClient, MeshSession } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg } from "../print/segment.ts";
import { limitTime, requireFilter } from "../session.ts";
import { stopMesh } from "./down.ts";
import { createStreamPrinter } from "./events.ts";

export interface WatchOptions extends OutputOptions {
  readonly plain?: boolean;
  readonly filter?: string;
  readonly for?: number;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

export interface Watched {
  readonly door: Door;
  readonly session: MeshSession;
  readonly client: MeshClient;
  /** Whether the mesh ends when we stop watching. */
  readonly own: boolean;
}

/** Shows a mesh until its end or ours: full screen on a terminal, lines elsewhere, NDJSON for programs. */
export async function watchMesh(watched: Watched, options: WatchOptions, context: Context): Promise<number> {
  const asJson = chosenOutput(options) !== "table";
  if (!asJson && options.plain !== true && context.isTerminal && context.env["TERM"] !== "dumb") {
    const { showScreen } = await import("../tui/show-screen.tsx");
    return showScreen(watched, options, context);
  }
  return watchLines(watched, options, context, asJson);
}

async function watchLines(watched: Watched, options: WatchOptions, context: Context, asJson: boolean): Promise<number> {
  const { door, session, client, own } = watched;
  const printer = createPrinter(context, options.color);
  const signal = limitTime(context.signal, options.for);
  if (!asJson) printer.note([[seg("meshdev "), seg(sanitize(session.name), "strong"), seg(`  ${sanitize(session.directory)}`, "dim")]]);
  const show = createStreamPrinter(printer, {
    asJson,
    quiet: options.quiet === true,
    verbose: options.verbose === true,
    match: requireFilter(options.filter),
  });
  for await (const line of client.events({ replay: true, own, signal })) show(line);
  if (!signal.aborted) {
    if (!asJson) printer.note([[seg("the mesh stopped", "dim")]]);
    return exitCodes.ok;
  }
  if (own) {
    if (!asJson) printer.note([[seg("stopping …", "dim")]]);
    await stopMesh(door, session, 20_000);
  }
  return context.signal.aborted ? Number(context.signal.reason) || exitCodes.ok : exitCodes.ok;
}

