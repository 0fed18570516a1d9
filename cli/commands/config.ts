import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import { chooseProject, type ProjectOptions } from "../discovery.ts";
import { openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { problemLines } from "../print/problem.ts";

export interface ConfigOptions extends ProjectOptions, OutputOptions {
  readonly showOrigin?: boolean;
  readonly services?: boolean;
  readonly profiles?: boolean;
}

/** Prints the project as one file would say it. */
export async function config(options: ConfigOptions, context: Context): Promise<number> {
  const { directory, chosen } = chooseProject(context.cwd, options);
  const door = await openDoor();
  const { value, problems } = await door.viewProject(directory, chosen, options.showOrigin === true);
  const errors = problems.filter(({ severity }) => severity === "error");
  if (value === undefined || errors.length > 0)
    throw new MeshError("MD8003", "the project is not valid, so it means nothing", {
      problems: errors,
      hint: "Fix the problems above; `meshdev check` shows them all.",
    });
  const printer = createPrinter(context, options.color);
  printer.note(problems.flatMap(problemLines));
  const { project, yaml, files, profiles } = value;
  if (options.services === true || options.profiles === true) {
    const names = options.profiles === true ? profiles : namesIn(project);
    context.out(names.map((name) => `${name}\n`).join(""));
  } else if (chosenOutput(options, "yaml") === "json") printer.json({ schemaVersion: 1, files, profiles, project });
  else context.out(yaml);
  return exitCodes.ok;
}

/** Keys of what runs: services, then variants. */
function namesIn(project: Readonly<Record<string, unknown>>): readonly string[] {
  return ["services", "variants"].flatMap((key) => Object.keys(Object(project[key])));
}
