import { type Command, Option } from "commander";
import { withGlobals } from "./commands-session.ts";
import type { Context } from "./context.ts";
import type { Settle } from "./main.ts";
import { jsonOption, outputOption, withProjectOptions } from "./options.ts";

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
}
