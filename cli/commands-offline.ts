import { type Command, Option } from "commander";
import { withGlobals } from "./commands-session.ts";
import type { Context } from "./context.ts";
import { schemaNames } from "./door.ts";
import type { Settle } from "./main.ts";
import {
  collect,
  directoryOption,
  jsonOption,
  outputOption,
  parseDuration,
  parseExpiry,
  withProjectOptions,
} from "./options.ts";

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

  withProjectOptions(program.command("token"))
    .description("mint a token of the issuer for development (jwksUri: http://meshdev-issuer.istio-system/jwks)")
    .addOption(
      new Option("--iss <issuer>", "default: what a rule of the project that takes these keys wants").env(
        "MESHDEV_ISS",
      ),
    )
    .addOption(new Option("--sub <subject>", "default: dev").env("MESHDEV_SUB"))
    .addOption(new Option("--aud <audience>", "may be repeated").argParser(collect))
    .addOption(
      new Option(
        "--claim <name=value>",
        "a further claim, JSON or text; may be repeated, twice the same is a list",
      ).argParser(collect),
    )
    .addOption(
      new Option("--expires <duration>", "from now, -5m for one that has run out, or never (default 1h)")
        .argParser(parseExpiry)
        .env("MESHDEV_EXPIRES"),
    )
    .addOption(new Option("--not-before <duration>", "from now").argParser(parseDuration).env("MESHDEV_NOT_BEFORE"))
    .addOption(new Option("--bad-sig", "with a signature that does not hold"))
    .addOption(outputOption(["table", "json"]))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  curl -H "authorization: Bearer $(meshdev token --sub alice --claim role=admin)" localhost:8080
  meshdev token --aud api --claim 'org={"team":"core"}' --expires 5m
  meshdev token --expires=-5m          one that has run out
  meshdev token --bad-sig -o json      a forged one, and what it says`,
    )
    .action(async (options) => {
      const { token } = await import("./commands/token.ts");
      settle(await token(withGlobals(program, options), context));
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
