import { type Command, Option } from "commander";
import { withGlobals } from "./commands-session.ts";
import type { Context } from "./context.ts";
import type { Settle } from "./main.ts";
import { jsonOption, outputOption } from "./options.ts";

/** `meshdev fidelity`. */
export function addFidelityCommand(program: Command, context: Context, settle: Settle): void {
  program
    .command("fidelity [kind]")
    .description("what becomes of each field of Istio's API: enforced, approximated or ignored, and what proves it")
    .addOption(
      new Option("--status <status>", "only fields of this status").choices(["enforced", "approximated", "ignored"]),
    )
    .addOption(outputOption(["table", "json"]))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  meshdev fidelity AuthorizationPolicy\n  meshdev fidelity --status ignored\n  meshdev fidelity VirtualService --status approximated -o json\n\n`meshdev check` warns of every use of what is ignored or approximated.",
    )
    .action(async (kind: string | undefined, options) => {
      const { fidelity } = await import("./commands/fidelity.ts");
      settle(await fidelity(kind, withGlobals(program, options), context));
    });
}
