import { dirname, resolve } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { MeshError } from "../../runtime/core/error.ts";
import type { Problem } from "../../runtime/core/problem.ts";
import type { Context } from "../context.ts";
import { chooseProject, type ChosenProject, holdsProject, isProjectFile, type ProjectOptions } from "../discovery.ts";
import { type CheckResult, type Door, openDoor, type Suppression } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { readPackageInfo } from "../package-info.ts";
import { githubLine } from "../print/github.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { countProblems, problemLines } from "../print/problem.ts";
import { sarifLog } from "../print/sarif.ts";
import { seg } from "../print/segment.ts";

export interface CheckOptions extends ProjectOptions, OutputOptions {
  readonly filesOnly?: boolean;
  readonly failOn?: "error" | "warning" | "info" | "never";
  readonly suppress?: readonly string[];
}

/** Without paths, or with the folder or file of a project, the project; otherwise the YAML that the paths hold. */
export async function check(
  paths: readonly string[],
  options: CheckOptions,
  context: Context,
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<number> {
  const door = await openDoor();
  const suppressions = await readSuppressions(options.suppress ?? [], door);
  const common = { filesOnly: options.filesOnly === true, suppressions };
  const project = projectOf(paths, options, context.cwd);
  const directory = project?.directory ?? resolve(context.cwd, options.directory ?? ".");
  const result =
    project === undefined
      ? await door.checkPaths(directory, paths.length === 0 ? ["."] : paths, {
          ...common,
          ...(paths.includes("-") ? { stdin: await readAll(stdin) } : {}),
        })
      : await door.checkProject(project.directory, {
          ...common,
          chosen: project.chosen,
        });
  print(result, directory, options, context);
  return exitCodeFor(result.problems, options.failOn ?? "error");
}

function projectOf(paths: readonly string[], options: ProjectOptions, cwd: string): ChosenProject | undefined {
  if (paths.length === 0) return chooseProject(cwd, options);
  const [path = ""] = paths;
  if (paths.length > 1 || path === "-") return undefined;
  const full = resolve(cwd, path);
  if (isProjectFile(full)) return chooseProject(cwd, { ...options, directory: dirname(full) });
  return holdsProject(full) ? chooseProject(cwd, { ...options, directory: full }) : undefined;
}

async function readSuppressions(texts: readonly string[], door: Door): Promise<readonly Suppression[]> {
  return Promise.all(
    texts.map(async (text) => {
      const suppression = await door.readSuppression(text);
      if (suppression === undefined)
        throw new MeshError("MD8001", `--suppress ${text} is not <code>=<resource>`, {
          hint: 'Write it like --suppress "IST0128=DestinationRule shop/orders"; * stands for any text.',
        });
      return suppression;
    }),
  );
}

function print(result: CheckResult, directory: string, options: CheckOptions, context: Context): void {
  const { problems, counts } = result;
  const printer = createPrinter(context, options.color);
  switch (chosenOutput(options)) {
    case "json":
      printer.json({ schemaVersion: 1, directory, problems, counts });
      return;
    case "sarif":
      printer.json(sarifLog(problems, readPackageInfo().version));
      return;
    case "github":
      for (const problem of problems) context.out(`${githubLine(problem)}\n`);
      break;
    default:
      printer.lines(problems.flatMap((problem) => [...problemLines(problem), []]));
  }
  const isBad = problems.some((problem) => problem.severity === "error");
  const passedOver = Object.entries(counts.unknownKinds).map(([kind, count]) => `${count} ${kind}`);
  printer.note([
    [
      seg(countProblems(problems), isBad ? "bad" : problems.length > 0 ? "warn" : "good"),
      seg(`  ${counts.documents} documents in ${counts.files} files`, "dim"),
      ...(counts.suppressed > 0 ? [seg(`  ${counts.suppressed} suppressed`, "dim")] : []),
      ...(passedOver.length > 0 ? [seg(`  passed over: ${passedOver.join(", ")}`, "dim")] : []),
      seg(`  ${directory}`, "dim"),
    ],
  ]);
}

const ranks = { error: 0, warning: 1, info: 2, never: -1 } as const;

/** What cannot be put in force is invalid; what analyzers find is a finding. */
function exitCodeFor(problems: readonly Problem[], failOn: NonNullable<CheckOptions["failOn"]>): number {
  if (problems.some(({ severity, code }) => severity === "error" && !code.startsWith("IST"))) return exitCodes.invalid;
  return problems.some(({ severity }) => ranks[severity] <= ranks[failOn]) ? exitCodes.findings : exitCodes.ok;
}
