import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import { openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";

export interface ImportOptions {
  readonly directory?: string;
}

/** Prints the project file that says the same as a Procfile. */
export async function importProcfile(
  path: string | undefined,
  options: ImportOptions,
  context: Context,
): Promise<number> {
  const name = path ?? "Procfile";
  const text = readIfThere(join(resolve(context.cwd, options.directory ?? "."), name));
  if (text === undefined)
    throw new MeshError("MD8003", `${name} is not there or cannot be read`, {
      hint: "Name the file, or its folder with -C.",
    });
  const { yaml, problems } = await (await openDoor()).importProcfile({ path: name, text });
  if (problems.length > 0)
    throw new MeshError("MD8003", `${name} is not valid, so it means no project`, {
      problems,
      hint: "Correct the lines above.",
    });
  context.out(yaml);
  return exitCodes.ok;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
