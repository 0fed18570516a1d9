import { type Command, InvalidArgumentError, Option } from "commander";
import { withCallOptions } from "./commands-diagnosis.ts";
import { withGlobals } from "./commands-session.ts";
import type { Context } from "./context.ts";
import type { Settle } from "./main.ts";
import { jsonOption, outputOption, parseCount, withProjectOptions } from "./options.ts";

/** The command that proposes edits. */
export function addSuggestCommand(program: Command, context: Context, settle: Settle): void {
  const command = program
    .command("suggest [from] [to] [method] [path]")
    .description(
      "the smallest edits of policies that would allow a refused call, each with all else that it opens; of an event, the last call that policies refused, or a call that nobody makes",
    );
  withProjectOptions(command);
  withCallOptions(command)
    .addOption(new Option("--apply [number]", "write one of them, the first by default").argParser(parseNumber))
    .addOption(new Option("--yes", "do not ask before writing").env("MESHDEV_YES"))
    .addOption(outputOption(["table", "json"]))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  meshdev suggest\n  meshdev suggest r-4711 --apply\n  meshdev suggest intruder backend GET /api/data --apply 2 --yes\n\nExit code 4 when no edit would allow the call: a token is missing or refused, an external authorizer said no, or no policy was asked.",
    )
    .action(async (from, to, method, path, options) => {
      const { suggest } = await import("./commands/suggest.ts");
      settle(await suggest([from, to, method, path], withGlobals(program, options), context));
    });
}

function parseNumber(text: string): number {
  const number = parseCount(text);
  if (number < 1) throw new InvalidArgumentError("Edits are numbered from 1.");
  return number;
}
