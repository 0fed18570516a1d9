import { MeshError } from "../../runtime/core/error.ts";
import type { MeshEvent } from "../../runtime/model/event.ts";
import type { MeshState } from "../../runtime/model/state.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { eventLine } from "../print/event-line.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { openDoor } from "../runtime-door.ts";
import { isEvent, readEvents, requireFilter, requireSession } from "../session.ts";

export interface LogsOptions extends OutputOptions {
  readonly directory?: string;
  readonly follow?: boolean;
  readonly tail?: number;
  readonly filter?: string;
}

export async function logs(services: readonly string[], options: LogsOptions, context: Context): Promise<number> {
  const match = requireFilter(options.filter);
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  const client = door.connect(session);
  const wanted = namedWorkloads(await client.state(), services);
  const printer = createPrinter(context, options.color);
  const asJson = chosenOutput(options) !== "table";
  const isWanted = (event: MeshEvent): boolean => event.type === "workload.logged" && wanted.has(event.workload) && match(event);
  const show = (event: MeshEvent): void => {
    if (asJson) printer.ndjson(event);
    else printer.lines([eventLine(event, printer.glyphs) ?? []]);
  };
  await readEvents(
    client,
    { signal: context.signal, follow: options.follow === true },
    {
      past: (events) => {
        const lines = events.filter(isWanted);
        for (const event of lines.slice(options.tail === undefined ? 0 : Math.max(0, lines.length - options.tail))) show(event);
      },
      live: (line) => {
        if (isEvent(line) && isWanted(line)) show(line);
      },
    },
  );
  return context.signal.aborted ? Number(context.signal.reason) || exitCodes.ok : exitCodes.ok;
}

/** Ids of the workloads that services or workloads of these names have; every one when none is named. */
export function namedWorkloads(state: MeshState, names: readonly string[]): ReadonlySet<string> {
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
