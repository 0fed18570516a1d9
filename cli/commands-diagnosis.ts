import { type Command, Option } from "commander";
import { withGlobals } from "./commands-session.ts";
import type { Context } from "./context.ts";
import type { Settle } from "./main.ts";
import { addFidelityCommand } from "./commands-fidelity.ts";
import { addProbeCommand } from "./commands-probe.ts";
import {
  callOptions,
  collect,
  connectionOptions,
  directoryOption,
  jsonOption,
  outputOption,
  timeoutOption,
  withProjectOptions,
} from "./options.ts";

/** Commands that explain. */
export function addDiagnosisCommands(program: Command, context: Context, settle: Settle): void {
  withProjectOptions(withCallOptions(program.command("why")))
    .argument("[what...]", "an event's id, or a call: from, to, method, path; nothing: the last refusal")
    .description(
      "explain a decision, a handshake or a call that nobody made: the cause first, then every rule and clause",
    )
    .addOption(new Option("--live", "send the call through the sidecars, of a mesh started for it if none runs"))
    .addOption(timeoutOption("how long a mesh that is started for --live may take to be ready (default 90s)"))
    .addOption(outputOption(["table", "json"]))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meshdev why                                          the last refusal of the running mesh
  meshdev why r-4711 -o json
  meshdev why web orders POST /pay --claim role=admin  predicted from the files; --live sends it
  meshdev why outsider orders --tls plaintext
  meshdev why web queue --port 9000 --tcp

With one word it is the id of an event, with two to four a call; what shapes a call belongs to calls alone.`,
    )
    .action(async (what: readonly string[], options) => {
      const { why } = await import("./commands/why.ts");
      settle(await why(what, withGlobals(program, options), context));
    });

  program
    .command("replay <event>")
    .description("send a request again that was seen, through the same sidecars and under the policies of now")
    .addOption(directoryOption())
    .addOption(outputOption(["table", "json"]))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  meshdev replay r-4711\n\nIds are in `meshdev events -o ndjson` and in `meshdev why`.",
    )
    .action(async (event: string, options) => {
      const { replay } = await import("./commands/replay.ts");
      settle(await replay(event, withGlobals(program, options), context));
    });

  withProjectOptions(withCallOptions(program.command("can [from] [to] [method] [path]")))
    .description("what policy says to a call, without sending it (predicted by the engine that the sidecars use)")
    .addOption(
      new Option("--expect <verdict>", "exit 4 unless it is so").choices(["allow", "deny"]).env("MESHDEV_EXPECT"),
    )
    .addOption(new Option("--matrix", "who may call what: all classes of requests that the policies tell apart"))
    .addOption(new Option("-n, --namespace <namespace>", "with --matrix: only what is called there"))
    .addOption(new Option("--live", "with --matrix: what the sidecars of the running mesh obey"))
    .addOption(outputOption(["table", "wide", "json"]))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  meshdev can --matrix\n  meshdev can web orders --matrix -o json\n  meshdev can frontend backend GET /api/data\n  meshdev can intruder backend GET /api/data --expect deny\n  meshdev can web orders POST /pay --port 8080 --header 'x-tenant: a'\n  meshdev can web orders --claim role=admin --claim sub=alice\n  meshdev can web orders --tls plaintext --expect deny\n  meshdev can web queue --port 9000 --tcp\n  meshdev token --sub bob | meshdev can web orders --jwt -",
    )
    .action(async (from, to, method: string | undefined, path: string | undefined, options) => {
      if (options.matrix === true) {
        const { canMatrix } = await import("./commands/can-matrix.ts");
        settle(await canMatrix({ from, to, method }, withGlobals(program, options), context));
        return;
      }
      const { can, requireParties } = await import("./commands/can.ts");
      const parties = requireParties(from, to);
      const question = { ...parties, method: method ?? "GET", path: path ?? "/" };
      settle(await can(question, withGlobals(program, options), context));
    });

  addProbeCommand(program, context, settle);
  addFidelityCommand(program, context, settle);

  program
    .command("diff [sides...]")
    .description(
      "what access differs between two folders or git revisions; without them, which calls that a running mesh has seen a save flips",
    )
    .addOption(directoryOption())
    .addOption(
      new Option("-f, --file <path>", "a draft, laid over the files of the mesh; may be repeated").argParser(collect),
    )
    .addOption(new Option("--generation <from..to>", "two of the last 16 generations, 12..14"))
    .addOption(new Option("--fail-on-change", "exit 4 when something changes").env("MESHDEV_FAIL_ON_CHANGE"))
    .addOption(outputOption(["table", "json"]))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  meshdev diff istio-old istio-new\n  meshdev diff main..HEAD --fail-on-change\n  meshdev diff HEAD -o json\n  meshdev diff\n  meshdev diff 12..14 -o json\n  meshdev diff -f istio/draft.yaml --fail-on-change",
    )
    .action(async (sides: readonly string[], options) => {
      const { diff } = await import("./commands/diff.ts");
      settle(await diff(sides, withGlobals(program, options), context));
    });

  withProjectOptions(program.command("check [path...]"))
    .description(
      "what an API server, istiod and istioctl analyze would say of a project, or of files and folders of YAML",
    )
    .addOption(
      new Option("--fail-on <severity>", "exit 4 for findings of this severity and above")
        .choices(["error", "warning", "info", "never"])
        .default("error")
        .env("MESHDEV_FAIL_ON"),
    )
    .addOption(
      new Option("--suppress <code=resource>", "leave findings out, may be repeated; * stands for any text").argParser(
        collect,
      ),
    )
    .addOption(
      new Option("--files-only", "judge without Services, Namespaces and Pods, as istioctl does with files").env(
        "MESHDEV_FILES_ONLY",
      ),
    )
    .addOption(outputOption(["table", "json", "github", "sarif"]))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      '\nExamples:\n  meshdev check\n  meshdev check k8s/ istio/orders.yaml -o github\n  kustomize build | meshdev check - --suppress "IST0118=Service shop/*"\n\nExit code 3 when something cannot be put in force, 4 for findings at --fail-on and above.',
    )
    .action(async (paths: readonly string[], options) => {
      const { check } = await import("./commands/check.ts");
      settle(await check(paths, withGlobals(program, options), context));
    });

  program
    .command("prune")
    .description("list what killed daemons left in the container engine; --force removes it")
    .addOption(new Option("--force", "remove what is listed"))
    .addOption(new Option("-y, --yes", "as --force"))
    .addOption(new Option("--volumes", "volumes too: they may hold data"))
    .addOption(outputOption(["table", "json"]))
    .addOption(jsonOption())
    .addHelpText("after", "\nExamples:\n  meshdev prune\n  meshdev prune --force\n  meshdev prune --volumes -o json")
    .action(async (options) => {
      const { prune } = await import("./commands/prune.ts");
      settle(await prune(withGlobals(program, options), context));
    });

  program
    .command("doctor")
    .description("try what meshdev needs of this machine; says what is missing and how to mend it")
    .addOption(outputOption(["table", "json"]))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  meshdev doctor\n  meshdev doctor -o json\n  meshdev doctor || sudo meshdev doctor\n\nExit code 8 when something is missing. What is tried is undone again.",
    )
    .action(async (options) => {
      const { doctor } = await import("./commands/doctor.ts");
      settle(await doctor(withGlobals(program, options), context));
    });

  program
    .command("explain <code>")
    .description("what a code such as MD7001 means")
    .addHelpText("after", "\nExamples:\n  meshdev explain MD7001")
    .action(async (code: string, options) => {
      const { explain } = await import("./commands/explain.ts");
      settle(explain(code, withGlobals(program, options), context));
    });
}

export function withCallOptions(command: Command): Command {
  return [...callOptions(), ...connectionOptions()].reduce((each, option) => each.addOption(option), command);
}
