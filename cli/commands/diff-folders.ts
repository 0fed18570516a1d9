import { resolve } from "node:path";
import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import { findProject, isFolder, isProjectFolder } from "../discovery.ts";
import { type ComparedSide, openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { changesLines, changesSummary } from "../print/changes.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";

export interface DiffFoldersOptions extends OutputOptions {
  readonly directory?: string;
  readonly failOnChange?: boolean;
}

/** What access differs between two folders or revisions; a single one is compared with the project as it stands. */
export async function diffFolders(
  sides: readonly [string, string | undefined],
  options: DiffFoldersOptions,
  context: Context,
): Promise<number> {
  const [before, after] = sidesOf(sides, context.cwd);
  const door = await openDoor();
  const comparison = await door.compareSides({ before, after }, () => findProject(context.cwd, options.directory));
  const printer = createPrinter(context, options.color);
  if (chosenOutput(options) === "json") printer.json({ schemaVersion: 1, predicted: true, ...comparison });
  else {
    printer.lines(changesLines(comparison, printer.glyphs));
    printer.lines([changesSummary(comparison)]);
  }
  const isChanged =
    comparison.added.length + comparison.removed.length > 0 ||
    comparison.ports.some(({ classes, connections, cut }) => classes.length + connections.length + cut.length > 0);
  return options.failOnChange === true && isChanged ? exitCodes.findings : exitCodes.ok;
}

function sidesOf(
  [first, second]: readonly [string, string | undefined],
  cwd: string,
): readonly [ComparedSide, ComparedSide] {
  if (second !== undefined) return [sideOf(first, cwd), sideOf(second, cwd)];
  const range = isFolder(resolve(cwd, first)) ? null : /^(.*[^.])\.\.([^.].*)?$/.exec(first);
  if (range === null) return [sideOf(first, cwd), { kind: "project" }];
  const [, before = "", after = "HEAD"] = range;
  return [
    { kind: "revision", revision: before },
    { kind: "revision", revision: after },
  ];
}

function sideOf(text: string, cwd: string): ComparedSide {
  const path = resolve(cwd, text);
  if (isFolder(path)) return { kind: "folder", path, isProject: isProjectFolder(path) };
  if (text.startsWith("-") || text === "")
    throw new MeshError("MD8001", `diff does not understand ${text}`, { hint: "Name folders or git revisions." });
  return { kind: "revision", revision: text };
}
