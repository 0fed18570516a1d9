import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { statusLines, workloadTable } from "../print/status.ts";
import { openDoor } from "../door.ts";
import { requireSession } from "../session.ts";
import { seg } from "../print/segment.ts";
import { sanitize } from "../print/sanitize.ts";

export interface PsOptions extends OutputOptions {
  readonly directory?: string;
}

export async function ps(options: PsOptions, context: Context): Promise<number> {
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  const state = await (await door.connect(session)).state();
  const printer = createPrinter(context, options.color);
  const output = chosenOutput(options);
  switch (output) {
    case "json":
      printer.json(state);
      break;
    case "name":
      printer.lines(state.workloads.map((workload) => [seg(sanitize(workload.id))]));
      break;
    case "table":
    case "wide":
      printer.note(statusLines(state));
      printer.lines(workloadTable(state, { wide: output === "wide", width: printer.look.columns, now: Date.now() }));
      break;
    default:
      throw new MeshError("MD8001", `ps cannot print ${output}`);
  }
  return exitCodes.ok;
}
