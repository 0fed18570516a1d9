import { dirname, resolve } from "node:path";
import { statSync } from "node:fs";
import { sortProblems } from "../../runtime/core/problem.ts";
import type { Context } from "../context.ts";
import { findProject } from "../discovery.ts";
import { exitCodes } from "../exit-code.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { countProblems, problemLines } from "../print/problem.ts";
import { seg } from "../print/segment.ts";
import { openDoor } from "../door.ts";

export interface CheckOptions extends OutputOptions {
  readonly directory?: string;
  readonly file?: string;
}

export async function check(path: string | undefined, options: CheckOptions, context: Context): Promise<number> {
  const directory = findProject(context.cwd, folderOf(context.cwd, path) ?? options.directory);
  const door = await openDoor();
  const checked = await door.loadProject(directory, { file: options.file });
  const problems = sortProblems(checked.problems);
  const printer = createPrinter(context, options.color);
  const isBad = problems.some((problem) => problem.severity === "error");
  if (chosenOutput(options) === "json") {
    printer.json({ schemaVersion: 1, directory, problems });
  } else {
    printer.lines(problems.flatMap((problem) => [...problemLines(problem), []]));
    printer.note([
      [
        seg(countProblems(problems), isBad ? "bad" : problems.length > 0 ? "warn" : "good"),
        seg(`  ${directory}`, "dim"),
      ],
    ]);
  }
  return isBad ? exitCodes.invalid : exitCodes.ok;
}

/** A project may be named by its folder or by its file. */
function folderOf(cwd: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const full = resolve(cwd, path);
  return statSync(full, { throwIfNoEntry: false })?.isFile() === true ? dirname(full) : full;
}
