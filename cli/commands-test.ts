import { type Command, Option } from "commander";
import { withGlobals } from "./commands-session.ts";
import type { Context } from "./context.ts";
import type { Settle } from "./main.ts";
import { jsonOption, outputOption, timeoutOption, withProjectOptions } from "./options.ts";

/** Tests of policies. */
export function addTestCommands(program: Command, context: Context, settle: Settle): void {
  withProjectOptions(program.command("test [file...]"))
    .description("run the policy tests of a project: files named *.mesh-test.yaml")
    .addOption(
      new Option(
        "--engine <engine>",
        "offline: what sidecars would do; live: real requests through them, of the running mesh or one that is started for it; both must agree",
      )
        .choices(["offline", "live", "both"])
        .default("offline")
        .env("MESHDEV_ENGINE"),
    )
    .addOption(
      new Option("--coverage", "also which policies, rules and clauses the cases were held against, both ways").env(
        "MESHDEV_COVERAGE",
      ),
    )
    .addOption(
      new Option(
        "--mutate",
        "also run them on policies with one thing dropped, widened or negated; what survives is listed",
      ).env("MESHDEV_MUTATE"),
    )
    .addOption(new Option("--watch", "run them again whenever YAML of the project changes").env("MESHDEV_WATCH"))
    .addOption(timeoutOption("how long a mesh that is started for the tests may take to be ready (default 90s)"))
    .addOption(
      new Option("--select <regexp>", "only cases whose name or place (file:line) matches").env("MESHDEV_SELECT"),
    )
    .addOption(outputOption(["table", "json", "junit", "tap"]))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meshdev test
  meshdev test mesh/backend.mesh-test.yaml --select 'intruder|plaintext'
  meshdev test --coverage --mutate
  meshdev test --watch
  meshdev test --engine both -o junit > report.xml

Exit code 4 when an expectation does not hold or a mutant survives, 3 when a file is not valid, 10 when engine and sidecars disagree (a bug of meshdev).`,
    )
    .action(async (paths: readonly string[], options) => {
      const { test } = await import("./commands/test.ts");
      settle(await test(paths, withGlobals(program, options), context));
    });
}
