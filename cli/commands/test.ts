import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import { chooseProject, type ChosenProject, type ProjectOptions } from "../discovery.ts";
import { type Door, openDoor, type TestEngine, type TestReport } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { watchTests } from "./test-watch.ts";
import { withMesh } from "../own-mesh.ts";
import { junitXml } from "../print/junit.ts";
import { chosenOutput, createPrinter, type OutputOptions, type Printer } from "../print/printer.ts";
import { tapText } from "../print/tap.ts";
import { coverageLines, mutationLines } from "../print/test-strength.ts";
import { countsLine, testLines } from "../print/test-report.ts";

export interface TestOptions extends ProjectOptions, OutputOptions {
  readonly engine?: TestEngine;
  readonly select?: string;
  readonly timeout?: number;
  readonly coverage?: boolean;
  readonly mutate?: boolean;
  readonly watch?: boolean;
}

/** Runs the policy tests of a project. */
export async function test(paths: readonly string[], options: TestOptions, context: Context): Promise<number> {
  const project = chooseProject(context.cwd, options);
  const door = await openDoor();
  if (options.watch === true) {
    if (chosenOutput(options) !== "table" || (options.engine ?? "offline") !== "offline")
      throw new MeshError("MD8001", "--watch asks the engine and prints a table; run without it for everything else");
    const printer = createPrinter(context, options.color);
    const once = async (): Promise<void> => {
      print(await runOnce(door, project, paths, options, context), options, printer, context);
    };
    return watchTests(door, project.directory, once, printer, context);
  }
  const report = await runOnce(door, project, paths, options, context);
  print(report, options, createPrinter(context, options.color), context);
  return exitCodeFor(report);
}

async function runOnce(
  door: Door,
  { directory, chosen }: ChosenProject,
  paths: readonly string[],
  { select, engine = "offline", timeout, coverage, mutate }: TestOptions,
  context: Context,
): Promise<TestReport> {
  const asked = {
    chosen,
    paths,
    select: select === undefined ? undefined : selection(select),
    coverage: coverage === true,
    mutate: mutate === true,
  };
  if (engine === "offline") return door.runTests(directory, asked);
  return await withMesh(door, { directory, chosen, timeoutMs: timeout }, context, (live) =>
    door.runLiveTests(directory, { ...asked, engine }, live, context.signal),
  );
}

/** A part of a case's name or place: a regular expression, or just text. */
function selection(text: string): RegExp {
  try {
    return new RegExp(text, "i");
  } catch (error) {
    throw new MeshError("MD8001", `--select ${text} is no regular expression`, { cause: error });
  }
}

function print(report: TestReport, options: TestOptions, printer: Printer, context: Context): void {
  switch (chosenOutput(options)) {
    case "json":
      printer.json({ schemaVersion: 1, ...report });
      return;
    case "junit":
      context.out(junitXml(report));
      return;
    case "tap":
      context.out(tapText(report));
      return;
    default:
      printer.lines([
        ...testLines(report, printer.glyphs),
        ...(report.coverage === null ? [] : coverageLines(report.coverage)),
        ...(report.mutation === null ? [] : mutationLines(report.mutation, printer.glyphs)),
      ]);
      printer.note([countsLine(report)]);
  }
}

function exitCodeFor({ counts, mutation }: TestReport): number {
  if (counts.disagreements > 0) return exitCodes.disagreement;
  const survived = mutation?.survived.length ?? 0;
  return counts.failed > 0 || survived > 0 ? exitCodes.findings : exitCodes.ok;
}
