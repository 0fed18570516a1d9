import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import { openDoor, schemaNames } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { createPrinter } from "../print/printer.ts";

export async function schema(name: string, context: Context): Promise<number> {
  const known = schemaNames.find((candidate) => candidate === name);
  if (known === undefined)
    throw new MeshError("MD8001", `there is no schema ${name}`, { hint: `There are ${schemaNames.join(", ")}.` });
  const door = await openDoor();
  createPrinter(context, "never").json(await door.schema(known));
  return exitCodes.ok;
}
