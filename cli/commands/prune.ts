import type { Context } from "../context.ts";
import { openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg, type Line } from "../print/segment.ts";

export interface PruneOptions extends OutputOptions {
  readonly force?: boolean;
  readonly yes?: boolean;
  readonly volumes?: boolean;
}

/** Lists what killed daemons left in the container engine, and removes it when told to. */
export async function prune(options: PruneOptions, context: Context): Promise<number> {
  const remove = options.force === true || options.yes === true;
  const leftovers = await (await openDoor()).pruneContainers({ remove, volumes: options.volumes === true });
  const printer = createPrinter(context, options.color);
  if (chosenOutput(options) === "json") {
    printer.json({ schemaVersion: 1, removed: remove, leftovers });
    return exitCodes.ok;
  }
  printer.lines(
    leftovers.map(({ kind, name, mesh, reason }): Line => [
      seg(`${kind.padEnd(9)} `, "dim"),
      seg(sanitize(name), "strong"),
      seg(sanitize(`${mesh === null ? "" : ` of the mesh ${mesh}`}: ${reason}`)),
    ]),
  );
  if (leftovers.length === 0) printer.note([[seg("nothing was left behind")]]);
  else if (remove) printer.note([[seg(`removed ${leftovers.length}`)]]);
  else
    printer.note([
      [seg(`${leftovers.length} left behind; `), seg("meshdev prune --force", "strong"), seg(" removes them")],
    ]);
  return exitCodes.ok;
}
