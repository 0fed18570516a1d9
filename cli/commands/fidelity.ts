import { MeshError } from "../../runtime/core/error.ts";
import { nearestNames } from "../../runtime/store/nearest-name.ts";
import type { Context } from "../context.ts";
import { type FidelityRow, openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { fidelityLines } from "../print/fidelity.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";

export interface FidelityOptions extends OutputOptions {
  readonly status?: FidelityRow["status"];
}

/** What becomes of each field of Istio's API; of one kind when it is named. */
export async function fidelity(kind: string | undefined, options: FidelityOptions, context: Context): Promise<number> {
  const door = await openDoor();
  const all = await door.fidelity();
  const named = kind === undefined ? all : ofKind(all, kind);
  const rows = named.filter(({ status }) => options.status === undefined || status === options.status);
  const printer = createPrinter(context, options.color);
  if (chosenOutput(options) === "json") printer.json({ schemaVersion: 1, fields: rows });
  else printer.lines(fidelityLines(rows, printer.look.columns));
  return exitCodes.ok;
}

function ofKind(rows: readonly FidelityRow[], kind: string): readonly FidelityRow[] {
  const found = rows.filter((row) => row.kind.toLowerCase() === kind.toLowerCase());
  if (found.length > 0) return found;
  const known = [...new Set(rows.map((row) => row.kind))];
  const [near] = nearestNames(kind, known);
  throw new MeshError("MD8001", `${kind} is no kind of Istio's`, {
    hint: near === undefined ? `There are ${known.join(", ")}.` : `Did you mean ${near}?`,
  });
}
