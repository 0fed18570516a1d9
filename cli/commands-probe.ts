import { type Command, Option } from "commander";
import { withGlobals } from "./commands-session.ts";
import type { Context } from "./context.ts";
import type { Settle } from "./main.ts";
import { collect, directoryOption, jsonOption, outputOption, parsePort, parseRate, timeoutOption } from "./options.ts";

/** `meshdev probe`. */
export function addProbeCommand(program: Command, context: Context, settle: Settle): void {
  program
    .command("probe <service> [method] [path]")
    .description("try to get around the policies of a service, for real, and tell what reached its program")
    .addOption(directoryOption())
    .addOption(
      new Option("--from <service>", "borrow this caller's identity, may be repeated; default: every other").argParser(
        collect,
      ),
    )
    .addOption(
      new Option("--port <port>", "service port, when there are several").argParser(parsePort).env("MESHDEV_PORT"),
    )
    .addOption(
      new Option("--rate <requests>", "requests per second, at most")
        .argParser(parseRate)
        .default(100)
        .env("MESHDEV_RATE"),
    )
    .addOption(timeoutOption("how long one request may take (default: 2s)"))
    .addOption(new Option("--echo", "count what answers repeat, for programs that log nothing").env("MESHDEV_ECHO"))
    .addOption(
      new Option("--fail-on <outcome>", "exit 4 for findings of this outcome, and of those before it")
        .choices(["hit", "unverified", "reached", "never"])
        .default("hit")
        .env("MESHDEV_PROBE_FAIL_ON"),
    )
    .addOption(outputOption(["table", "json"]))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  meshdev probe backend                         what its policies speak of\n  meshdev probe --from intruder backend GET /admin\n  meshdev probe backend DELETE /orders -o json --fail-on reached\n\nA hit counts only when the application logged that it received the denied resource.",
    )
    .action(async (to: string, method: string | undefined, path: string | undefined, options) => {
      const { probe } = await import("./commands/probe.ts");
      settle(await probe({ to, method, path }, withGlobals(program, options), context));
    });
}
