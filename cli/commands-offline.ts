import { type Command, Option } from "commander";
import { withGlobals } from "./commands-session.ts";
import type { Context } from "./context.ts";
import { schemaNames } from "./door.ts";
import type { Settle } from "./main.ts";
import { directoryOption, jsonOption, outputOption } from "./options.ts";

/** Commands that need neither a mesh nor, most of them, a project. */
export function addOfflineCommands(program: Command, context: Context, settle: Settle): void {
  program
    .command("init")
    .description("write a first meshdev.yaml and mesh folder; never overwrites")
    .addOption(directoryOption())
    .addOption(new Option("--dry-run", "only say what would be written").env("MESHDEV_DRY_RUN"))
    .addHelpText("after", "\nExamples:\n  meshdev init\n  meshdev init -C services/shop --dry-run")
    .action(async (options) => {
      const { init } = await import("./commands/init.ts");
      settle(await init(withGlobals(program, options), context));
    });

  program
    .command("schema <name>")
    .description(`print a JSON Schema: ${schemaNames.join(", ")}`)
    .addHelpText("after", "\nExamples:\n  meshdev schema project > meshdev.schema.json\n  meshdev schema events")
    .action(async (name: string) => {
      const { schema } = await import("./commands/schema.ts");
      settle(await schema(name, context));
    });

  program
    .command("version")
    .description("versions of meshdev and Node, and the Istio API it follows")
    .addOption(outputOption(["table", "json"]))
    .addOption(jsonOption())
    .addHelpText("after", "\nExamples:\n  meshdev version\n  meshdev version -o json")
    .action(async (options) => {
      const { version } = await import("./commands/version.ts");
      settle(version(withGlobals(program, options), context));
    });
}
