import { type Command, Option } from "commander";
import { addImportFiles } from "./commands-import.ts";
import { withGlobals } from "./commands-session.ts";
import type { Context } from "./context.ts";
import type { Settle } from "./main.ts";
import { directoryOption, jsonOption, outputOption, withProjectOptions } from "./options.ts";

/** Commands about the project file itself. */
export function addProjectCommands(program: Command, context: Context, settle: Settle): void {
  withProjectOptions(program.command("config"))
    .description("print the project as one file would say it: files laid over each other, variables replaced")
    .addOption(new Option("--show-origin", "say at each value where it is written").env("MESHDEV_SHOW_ORIGIN"))
    .addOption(new Option("--services", "only the names of the services that run").env("MESHDEV_SERVICES"))
    .addOption(new Option("--profiles", "only the names of the profiles that there are").env("MESHDEV_PROFILES"))
    .addOption(outputOption(["yaml", "json"]))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meshdev config                                    with meshdev.local.yaml and .env
  meshdev config -f meshdev.yaml -f ci.yaml --profile ci
  meshdev config --show-origin                      each value with file:line:column`,
    )
    .action(async (options) => {
      const { config } = await import("./commands/config.ts");
      settle(await config(withGlobals(program, options), context));
    });

  const imports = program
    .command("import")
    .description("print the project file that says the same as files of another tool");
  imports
    .command("procfile [file]")
    .description("services of a Procfile, with the ports that foreman would give them")
    .addOption(directoryOption())
    .addHelpText(
      "after",
      "\nExamples:\n  meshdev import procfile > meshdev.yaml\n  meshdev import procfile Procfile.dev\n  meshdev import procfile -C services/shop",
    )
    .action(async (file: string | undefined, options) => {
      const { importProcfile } = await import("./commands/import.ts");
      settle(await importProcfile(file, options, context));
    });
  addImportFiles(imports, program, context, settle);
}
