import { type Command, Option } from "commander";
import { withGlobals } from "./commands-session.ts";
import type { Context } from "./context.ts";
import type { Settle } from "./main.ts";
import { collect, directoryOption, jsonOption, outputOption, parseCount, parsePort, timeoutOption } from "./options.ts";

const patience = "how long to wait until it is so (default 90s)";

/** Commands about single services of a running mesh, and those that act in their name. */
export function addLifeCommands(program: Command, context: Context, settle: Settle): void {
  const changes = {
    start: "start services that were stopped, or that `up` left out, and wait until they are ready",
    stop: "stop the programs of services; their sidecars and the rest of the mesh go on",
    restart: "restart the programs of services and wait until they are ready",
  } as const;
  for (const what of ["start", "stop", "restart"] as const)
    program
      .command(`${what} <service...>`)
      .description(changes[what])
      .addOption(directoryOption())
      .addOption(timeoutOption(patience))
      .addHelpText(
        "after",
        `\nExamples:\n  meshdev ${what} orders\n  meshdev ${what} orders web\n  meshdev ${what} orders-2        one instance`,
      )
      .action(async (services: readonly string[], options) => {
        const { changeLife } = await import("./commands/lifecycle.ts");
        settle(await changeLife(what, services, withGlobals(program, options), context));
      });

  program
    .command("scale <service=instances...>")
    .description("run another number of instances until the mesh stops, whatever the project file says")
    .addOption(directoryOption())
    .addOption(timeoutOption(patience))
    .addHelpText(
      "after",
      "\nExamples:\n  meshdev scale orders=3\n  meshdev scale orders=2 web=2\n  meshdev scale orders=0          the service stays, and nobody answers",
    )
    .action(async (pairs: readonly string[], options) => {
      const { scale } = await import("./commands/lifecycle.ts");
      settle(await scale(pairs, withGlobals(program, options), context));
    });

  program
    .command("shell <service>")
    .description("a shell with a service's identity, through a sidecar of its own")
    .addOption(directoryOption())
    .addHelpText(
      "after",
      "\nExamples:\n  meshdev shell frontend\n  meshdev shell frontend -C samples/shop\n  SHELL=/bin/sh meshdev shell frontend\n\nThe same as `meshdev exec --as frontend -- $SHELL`; the exit code is the shell's.",
    )
    .action(async (service: string, options) => {
      const { shell } = await import("./commands/exec.ts");
      settle(await shell(service, withGlobals(program, options), context));
    });

  program
    .command("send <from> <to> [method] [path]")
    .description("really send one request in the name of a service, and tell what the sidecars say of it")
    .addOption(directoryOption())
    .addOption(
      new Option("--port <port>", "service port, when there are several").argParser(parsePort).env("MESHDEV_PORT"),
    )
    .addOption(new Option("-H, --header <name: value>", "a request header, may be repeated").argParser(collect))
    .addOption(new Option("-d, --data <body>", "body; @file reads a file, @- stdin; the method is POST then"))
    .addOption(
      new Option("--expect <status>", "exit 4 unless this is the status").argParser(parseCount).env("MESHDEV_EXPECT"),
    )
    .addOption(outputOption(["table", "json"]))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meshdev send frontend backend GET /api/data
  meshdev send intruder backend GET /api/data --expect 403
  meshdev send web orders POST /pay -d '{"amount":7}' -H 'content-type: application/json'

The body comes on stdout, everything else on stderr. Without any answer the exit code is 4. \`meshdev can\` asks the same without sending.`,
    )
    .action(async (from: string, to: string, method: string | undefined, path: string | undefined, options) => {
      const { send } = await import("./commands/send.ts");
      settle(await send({ from, to, method, path }, withGlobals(program, options), context));
    });
}
