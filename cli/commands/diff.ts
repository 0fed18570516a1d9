import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import type { OutputOptions } from "../print/printer.ts";
import { diffFolders } from "./diff-folders.ts";
import { diffLive } from "./diff-live.ts";

export interface DiffOptions extends OutputOptions {
  readonly directory?: string;
  /** Drafts. */
  readonly file?: readonly string[];
  /** `12..14` */
  readonly generation?: string;
  readonly failOnChange?: boolean;
}

/** Folders and revisions are compared by their files; all else is about the running mesh. */
export async function diff(sides: readonly string[], options: DiffOptions, context: Context): Promise<number> {
  const [first, second] = sides;
  const isLive = options.generation !== undefined || options.file !== undefined || generations.test(first ?? "0..0");
  if (first !== undefined && !isLive && sides.length <= 2) return diffFolders([first, second], options, context);
  const generation = options.generation ?? first;
  if (second !== undefined || (generation !== undefined && options.file !== undefined)) throw unknownSides(sides);
  if (options.file !== undefined) return diffLive({ kind: "draft", paths: options.file }, options, context);
  if (generation === undefined) return diffLive({ kind: "last" }, options, context);
  const range = generations.exec(generation);
  if (range === null) throw unknownSides(sides);
  return diffLive({ kind: "generations", before: Number(range[1]), after: Number(range[2]) }, options, context);
}

const generations = /^(\d{1,9})\.\.(\d{1,9})$/;

function unknownSides(sides: readonly string[]): MeshError {
  return new MeshError("MD8001", `diff does not understand ${sides.join(" ")}`, {
    hint: "Two folders or git revisions, or of a running mesh: nothing is the last save, 12..14 are two generations, -f names a draft.",
  });
}
