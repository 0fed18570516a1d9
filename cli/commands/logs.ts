import { MeshError } from "../../runtime/core/error.ts";
import type { MeshEvent } from "../../runtime/model/event.ts";
import type { MeshState } from "../../runtime/model/state.ts";
import type { Context } from "../context.ts";
import { settingsFolder } from "../discovery.ts";
import { exitCodes } from "../exit-code.ts";
import { eventLine } from "../print/event-line.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { openDoor } from "../door.ts";
import { seg } from "../print/segment.ts";
import { countHits, requireFilter, requireSession } from "../session.ts";

export interface LogsOptions extends OutputOptions {
  readonly directory?: string;
  readonly follow?: boolean;
  readonly tail?: number;
  readonly filter?: string;
}

export async function logs(services: readonly string[], options: LogsOptions, context: Context): Promise<number> {
  const hits = countHits(requireFilter(options.filter, settingsFolder(context.cwd, options.directory)));
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  const client = await door.connect(session);
  const wanted = namedWorkloads(await client.state(), services);
  const printer = createPrinter(context, options.color);
  const asJson = chosenOutput(options) !== "table";
  const isWanted = (event: MeshEvent): boolean =>
    event.type === "workload.logged" && wanted.has(event.workload) && hits.match(event);
  const show = (event: MeshEvent): void => {
    if (asJson) printer.ndjson(event);
    else printer.lines([eventLine(event, printer.glyphs) ?? []]);
  };
  let past: MeshEvent[] | undefined = [];
  const showPast = (): void => {
    for (const event of past?.slice(options.tail === undefined ? 0 : -options.tail || Infinity) ?? []) show(event);
    past = undefined;
  };
  for await (const line of client.events({ replay: true, follow: options.follow === true, signal: context.signal })) {
    if (line.type === "state" || line.type === "events.dropped") continue;
    if (line.replayed !== true) showPast();
    if (!isWanted(line)) continue;
    if (past === undefined) show(line);
    else past.push(line);
  }
  showPast();
  if (options.filter !== undefined && !asJson) printer.note([[seg(hits.words(), "dim")]]);
  return context.signal.aborted ? Number(context.signal.reason) || exitCodes.ok : exitCodes.ok;
}

/** Ids of the workloads that services or workloads of these names have; every one when none is named. */
function namedWorkloads(state: MeshState, names: readonly string[]): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const name of names) {
    const found = state.workloads.filter((workload) => workload.service === name || workload.id === name);
    if (found.length === 0) {
      const known = [...new Set(state.workloads.map((workload) => workload.service))].join(", ");
      throw new MeshError("MD8005", `there is no service ${name}`, { hint: `The mesh has ${known}.` });
    }
    for (const workload of found) ids.add(workload.id);
  }
  return names.length === 0 ? new Set(state.workloads.map((workload) => workload.id)) : ids;
}
