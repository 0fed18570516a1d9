import type { Context } from "../context.ts";
import { openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { clockTime } from "../print/event-line.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg } from "../print/segment.ts";
import { tableLines } from "../print/table.ts";

/** Every mesh that this user runs. */
export async function ls(options: OutputOptions, context: Context): Promise<number> {
  const sessions = await (await openDoor()).listSessions();
  const printer = createPrinter(context, options.color);
  const output = chosenOutput(options);
  if (output === "json") printer.json({ schemaVersion: 1, sessions });
  else if (output === "name") printer.lines(sessions.map((session) => [seg(sanitize(session.directory))]));
  else if (sessions.length === 0) printer.note([[seg("no mesh is running", "dim")]]);
  else {
    const rows = sessions.map((session) => [
      seg(sanitize(session.directory), "strong"),
      seg(String(session.pid)),
      seg(clockTime(session.startedAt).slice(0, 8)),
    ]);
    const columns = [{ title: "DIRECTORY" }, { title: "PID", align: "right" }, { title: "SINCE" }] as const;
    printer.lines(tableLines(columns, rows, printer.look.columns));
  }
  return exitCodes.ok;
}
