import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import type { OutputOptions } from "../print/printer.ts";
import { diffLive } from "./diff-live.ts";

export interface DiffOptions extends OutputOptions {
  readonly directory?: string;
  /** Drafts. */
  readonly file?: readonly string[];
  /** `12..14` */
  readonly generation?: string;
  readonly failOnChange?: boolean;
}

/** Without folders, of the running mesh. */
export async function diff(sides: readonly string[], options: DiffOptions, context: Context): Promise<number> {
  const [first, second] = sides;
  const generation = options.generation ?? first;
  if (second !== undefined || (generation !== undefined && options.file !== undefined)) throw unknownSides(sides);
  if (options.file !== undefined) return diffLive({ kind: "draft", paths: options.file }, options, context);
  if (generation === undefined) return diffLive({ kind: "last" }, options, context);
  const range = /^(\d{1,9})\.\.(\d{1,9})$/.exec(generation);
  if (range === null) throw unknownSides(sides);
  return diffLive({ kind: "generations", before: Number(range[1]), after: Number(range[2]) }, options, context);
}

function unknownSides(sides: readonly string[]): MeshError {
  return new MeshError("MD8001", `diff does not understand ${sides.join(" ")}`, {
    hint: "Nothing is the last save, 12..14 are two generations, -f names a draft.",
  });
}
