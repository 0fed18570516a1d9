import { MeshError } from "../../runtime/core/error.ts";
import type { Context } from "../context.ts";
import { chooseProject, type ProjectOptions } from "../discovery.ts";
import { openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { createPrinter, type OutputOptions } from "../print/printer.ts";
import { problemLines } from "../print/problem.ts";

/** Prints the project file that says the same as compose files or Kubernetes YAML; what it cannot say goes to stderr. */
export async function importFiles(
  files: readonly string[],
  options: ProjectOptions & OutputOptions,
  context: Context,
): Promise<number> {
  const { directory, chosen } = chooseProject(context.cwd, {
    ...options,
    ...(files.length === 0 ? {} : { file: files }),
  });
  const { yaml, problems } = await (await openDoor()).importProject(directory, chosen);
  const errors = problems.filter(({ severity }) => severity === "error");
  if (yaml === undefined || errors.length > 0)
    throw new MeshError("MD8003", "the files are not valid, so they mean no project", {
      problems: errors,
      hint: "Fix the problems above; `meshdev check -f` shows them all.",
    });
  createPrinter(context, options.color).note(problems.flatMap(problemLines));
  context.out(yaml);
  return exitCodes.ok;
}
