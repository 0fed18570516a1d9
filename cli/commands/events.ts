import { reduce } from "../../runtime/store/reduce.ts";
import type { MeshState } from "../../runtime/model/state.ts";
import type { EventTest } from "../../runtime/store/filter.ts";
import type { Context } from "../context.ts";
import { settingsFolder } from "../discovery.ts";
import { exitCodes } from "../exit-code.ts";
import { type StreamLine, openDoor } from "../door.ts";
import { createAnnouncer } from "../print/announce.ts";
import { eventLine } from "../print/event-line.ts";
import { spokenGlyphs } from "../print/glyphs.ts";
import { isRow } from "../print/interesting.ts";
import { chosenOutput, createPrinter, type OutputOptions, type Printer } from "../print/printer.ts";
import { seg } from "../print/segment.ts";
import { countHits, limitTime, requireFilter, requireSession } from "../session.ts";

export interface EventsOptions extends OutputOptions {
  readonly directory?: string;
  readonly filter?: string;
  readonly for?: number;
  readonly limit?: number;
  readonly replay?: boolean;
  readonly headers?: boolean;
  readonly verbose?: boolean;
}

export async function events(options: EventsOptions, context: Context): Promise<number> {
  const hits = countHits(requireFilter(options.filter, settingsFolder(context.cwd, options.directory)));
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  const printer = createPrinter(context, options.color);
  const signal = limitTime(context.signal, options.for);
  const asJson = chosenOutput(options) !== "table";
  const show = createStreamPrinter(printer, {
    asJson,
    quiet: false,
    verbose: options.verbose === true,
    match: hits.match,
  });
  let left = options.limit ?? Infinity;
  const client = await door.connect(session);
  for await (const line of client.events({
    replay: options.replay === true,
    headers: options.headers === true,
    signal,
  })) {
    if (show(line) && --left <= 0) break;
  }
  if (options.filter !== undefined && !asJson) printer.note([[seg(hits.words(), "dim")]]);
  return context.signal.aborted ? Number(context.signal.reason) || exitCodes.ok : exitCodes.ok;
}

export interface StreamLook {
  readonly asJson: boolean;
  /** Without lines of the programs. */
  readonly quiet: boolean;
  /** Only what is new, in words that can be read aloud. */
  readonly spoken?: boolean;
  /** With the client's side of each call. */
  readonly verbose: boolean;
  readonly match: EventTest;
}

/** Prints the stream line by line; the returned function says whether a line counted as an event that was shown. */
export function createStreamPrinter(printer: Printer, look: StreamLook): (line: StreamLine) => boolean {
  let state: MeshState | undefined;
  const phases = new Map<string, string>();
  const announces = createAnnouncer();
  return (line) => {
    if (line.type === "state") {
      state = line.state;
      if (look.asJson) printer.ndjson(line);
      return false;
    }
    if (state !== undefined && line.replayed !== true) state = reduce(state, line);
    const hidden =
      !look.asJson && ((look.quiet && line.type === "workload.logged") || (!look.verbose && !isRow(line, state)));
    if (hidden || (line.type !== "events.dropped" && !look.match(line))) return false;
    if (look.asJson) {
      printer.ndjson(line);
      return line.type !== "events.dropped";
    }
    if (look.spoken === true && !announces(line, state)) return false;
    const words = eventLine(line, look.spoken === true ? spokenGlyphs : printer.glyphs);
    if (words === undefined) return false;
    if (line.type === "workload.changed") {
      // A program that got its process id is still only starting.
      if (line.state.phase === phases.get(line.workload) && line.state.phase !== "exited") return false;
      phases.set(line.workload, line.state.phase);
    }
    printer.lines([words]);
    return line.type !== "events.dropped";
  };
}
