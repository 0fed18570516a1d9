import type { Context } from "../context.ts";
import { MeshError } from "../../runtime/core/error.ts";
import type { StartFailure } from "../../runtime/index.ts";
import type { Door, MeshClient, SessionInfo, StartedDaemon } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg } from "../print/segment.ts";
import { limitTime, requireFilter } from "../session.ts";
import { stopMesh } from "./down.ts";
import { createStreamPrinter } from "./events.ts";

export interface WatchOptions extends OutputOptions {
  readonly plain?: boolean;
  readonly screenReader?: boolean;
  readonly filter?: string;
  readonly for?: number;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

export interface Watched {
  readonly door: Door;
  readonly session: SessionInfo;
  readonly client: MeshClient;
  /** Set when we started it: then the mesh ends when we stop watching. */
  readonly started: StartedDaemon | undefined;
}

/** Shows a mesh until its end or ours: full screen on a terminal, lines elsewhere, NDJSON for programs. */
export async function watchMesh(watched: Watched, options: WatchOptions, context: Context): Promise<number> {
  if (wantsScreen(options, context)) {
    const { loadScreen } = await import("../tui/load-screen.ts");
    const { showScreen } = await loadScreen();
    return showScreen(watched, options, context);
  }
  return watchLines(watched, options, context, chosenOutput(options) !== "table");
}

/** Full screen, unless lines or JSON were asked for or there is no terminal for it. */
export function wantsScreen(options: WatchOptions, context: Context): boolean {
  return (
    chosenOutput(options) === "table" &&
    options.plain !== true &&
    !isSpoken(options, context) &&
    context.isTerminal &&
    context.env["TERM"] !== "dumb"
  );
}

/** Lines for a screen reader, as asked for here or as other terminal programs are told. */
function isSpoken(options: WatchOptions, context: Context): boolean {
  return options.screenReader === true || context.env["INK_SCREEN_READER"] === "true";
}

async function watchLines(watched: Watched, options: WatchOptions, context: Context, asJson: boolean): Promise<number> {
  const { door, session, client, started } = watched;
  const own = started !== undefined;
  const printer = createPrinter(context, options.color);
  const signal = limitTime(context.signal, options.for);
  if (!asJson) printer.note([[seg("meshdev ", "strong"), seg(sanitize(session.directory), "dim")]]);
  const show = createStreamPrinter(printer, {
    asJson,
    quiet: options.quiet === true,
    verbose: options.verbose === true,
    spoken: isSpoken(options, context),
    match: requireFilter(options.filter, session.directory),
  });
  for await (const line of client.events({ replay: true, own, signal })) show(line);
  if (!signal.aborted) {
    await requireNoFailure(started);
    if (!asJson) printer.note([[seg("the mesh stopped", "dim")]]);
    return exitCodes.ok;
  }
  if (own) {
    if (!asJson) printer.note([[seg("stopping", "dim")]]);
    await stopMesh(door, session, 20_000);
  }
  return context.signal.aborted ? Number(context.signal.reason) || exitCodes.ok : exitCodes.ok;
}

/** A mesh that ended by itself while it started: the daemon says why. */
export async function requireNoFailure(started: StartedDaemon | undefined): Promise<void> {
  if (started === undefined) return;
  const soon = new Promise<undefined>((resolve) => {
    setTimeout(() => {
      resolve(undefined);
    }, 500);
  });
  const outcome = await Promise.race([started.ready, soon]);
  // `down` elsewhere while services still start: the daemon leaves in good order.
  if (
    outcome?.ok === false &&
    outcome.failure.code === "MD7004" &&
    outcome.failure.message.includes("ended with code 0")
  )
    return;
  if (outcome !== undefined && !outcome.ok) throw failureError(outcome.failure);
}

export function failureError(failure: StartFailure): MeshError {
  return new MeshError(failure.code, failure.message, {
    problems: failure.problems,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    ...(failure.at === undefined ? {} : { at: failure.at }),
  });
}
