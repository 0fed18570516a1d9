import type { Command } from "commander";
import { withGlobals } from "./commands-session.ts";
import type { Context } from "./context.ts";
import type { Settle } from "./main.ts";
import { withProjectOptions } from "./options.ts";

/** `import compose` and `import kube`, below `import`. */
export function addImportFiles(imports: Command, program: Command, context: Context, settle: Settle): void {
  const run = async (files: readonly string[], options: object): Promise<void> => {
    const { importFiles } = await import("./commands/import-files.ts");
    settle(await importFiles(files, withGlobals(program, options), context));
  };
  withProjectOptions(imports.command("compose [file...]"))
    .description(
      "services of compose files, laid over each other as Compose does; what they do not become goes to stderr",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  meshdev import compose > meshdev.yaml\n  meshdev import compose compose.yaml compose.ci.yaml\n  meshdev import compose -C services/shop",
    )
    .action(run);
  withProjectOptions(imports.command("kube [path...]"))
    .description("a project file that names Kubernetes files and folders, and says how each workload runs")
    .addHelpText(
      "after",
      '\nExamples:\n  meshdev import kube k8s/ > meshdev.yaml\n  meshdev import kube k8s/ --run orders="npm start"\n  meshdev import kube deploy/base deploy/dev',
    )
    .action(run);
}
