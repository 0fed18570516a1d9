import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { MeshError } from "../runtime/core/error.ts";
import type { Context } from "./context.ts";

/** The text of a file that an option names; `-` is stdin. `what` it holds is for the error. @throws MeshError MD8001 */
export function readInput(file: string, what: string, context: Context): string {
  try {
    return readFileSync(file === "-" ? 0 : resolve(context.cwd, file), "utf8");
  } catch (error) {
    throw new MeshError("MD8001", `the ${what} in ${file} cannot be read: ${String(error)}`, { cause: error });
  }
}
