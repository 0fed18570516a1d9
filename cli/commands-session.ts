import { type Command, Option } from "commander";
import type { Context } from "./context.ts";
import type { Settle } from "./main.ts";
import {
  directoryOption,
  filterOption,
  jsonOption,
  outputOption,
  parseCount,
  parseDuration,
  screenReaderOption,
  timeoutOption,
  withProjectOptions,
} from "./options.ts";

/** Commands that start, stop or watch a mesh. Each loads its code only when it runs. */
export function addSessionCommands(program: Command, context: Context, settle: Settle): void {
  const start = (command: Command): Command =>
    command
      .addOption(new Option("-d, --detach", "return when the mesh is ready and leave it running").env("MESHDEV_DETACH"))
      .addOption(new Option("--plain", "lines instead of the full-screen view").env("MESHDEV_PLAIN"))
      .addOption(screenReaderOption())
      .addOption(outputOption(["table", "json", "ndjson"]))
      .addOption(jsonOption())
      .addOption(filterOption())
      .addOption(timeoutOption("how long to wait until everything is ready (default 90s)"))
      .addOption(new Option("--for <duration>", "stop after this time").argParser(parseDuration).env("MESHDEV_FOR"))
      .addOption(new Option("-q, --quiet", "no lines of the programs").env("MESHDEV_QUIET"))
      .addOption(new Option("-v, --verbose", "also what proxies report from the client's side").env("MESHDEV_VERBOSE"))
      .addOption(
        new Option("--allow-invalid", "start although a resource is invalid, without it").env("MESHDEV_ALLOW_INVALID"),
      )
      .addOption(new Option("--fresh-ca", "make a new certificate authority").env("MESHDEV_FRESH_CA"))
      .addOption(new Option("--ca <dir>", "use a CA of your own, as Istio's plug-in certificates").env("MESHDEV_CA"))
      .addOption(
        new Option("--svid-ttl <duration>", "life of workload certificates (24h)")
          .argParser(parseDuration)
          .env("MESHDEV_SVID_TTL"),
      )
      .addOption(
        new Option(
          "--drain <how>",
          "how connections that are open obey a change: at once (strict), or run out as in Istio",
        )
          .choices(["strict", "istio"])
          .env("MESHDEV_DRAIN"),
      )
      .addOption(
        new Option("--capture <how>", "network pods for programs of any kind (Linux), or the hook in Node programs")
          .choices(["auto", "pods", "hook"])
          .env("MESHDEV_CAPTURE"),
      );

  withProjectOptions(start(program.command("up [service...]")))
    .description("start services, sidecars and the CA, and watch them; attaches when the mesh already runs")
    .addOption(new Option("--no-watch", "reload and restart nothing when files change").env("MESHDEV_NO_WATCH"))
    .addHelpText(
      "after",
      `
Examples:
  meshdev up                        the whole project, full screen on a terminal
  meshdev up -C samples/shop -d     return when ready (exit 3 invalid, 5 failed, 6 timeout, 7 port taken)
  meshdev up web orders --plain     two services and what they need, as lines
  meshdev up -o ndjson --for 30s    events for a program
  meshdev up -f k8s/ --run orders="npm start"     Kubernetes YAML as it is; -f - reads stdin
  meshdev up compose.yaml --run web="npm start"   a compose file as it is, one service as a process`,
    )
    .action(async (services: readonly string[], options) => {
      const { up } = await import("./commands/up.ts");
      settle(await up(services, withGlobals(program, options), context));
    });

  start(program.command("demo [folder]"))
    .description("copy the built-in example to a folder of yours and run it there")
    .addHelpText("after", "\nExamples:\n  meshdev demo\n  meshdev demo ./try-meshdev --plain")
    .action(async (folder: string | undefined, options) => {
      const { demo } = await import("./commands/demo.ts");
      settle(await demo(folder, withGlobals(program, options), context));
    });

  program
    .command("down")
    .description("stop the mesh and everything it started")
    .addOption(directoryOption())
    .addOption(timeoutOption("how long to wait (default 20s)"))
    .addHelpText("after", "\nExamples:\n  meshdev down\n  meshdev down -C samples/shop")
    .action(async (options) => {
      const { down } = await import("./commands/down.ts");
      settle(await down(withGlobals(program, options), context));
    });

  program
    .command("attach")
    .description("open the full-screen view on a running mesh; leaving it leaves the mesh running")
    .addOption(directoryOption())
    .addOption(new Option("--plain", "lines instead of the full-screen view").env("MESHDEV_PLAIN"))
    .addOption(screenReaderOption())
    .addOption(outputOption(["table", "json", "ndjson"]))
    .addOption(jsonOption())
    .addOption(filterOption())
    .addOption(new Option("-q, --quiet", "no lines of the programs").env("MESHDEV_QUIET"))
    .addOption(new Option("-v, --verbose", "also what proxies report from the client's side").env("MESHDEV_VERBOSE"))
    .addHelpText("after", "\nExamples:\n  meshdev attach\n  meshdev attach --plain --filter verdict:denied")
    .action(async (options) => {
      const { attach } = await import("./commands/attach.ts");
      settle(await attach(withGlobals(program, options), context));
    });

  program
    .command("ps")
    .description("services with their state, identity, ports and generation")
    .addOption(directoryOption())
    .addOption(outputOption(["table", "wide", "json", "name"]))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  meshdev ps\n  meshdev ps -o wide      with acknowledged generation, certificate, mTLS and memory\n  meshdev ps -o json",
    )
    .action(async (options) => {
      const { ps } = await import("./commands/ps.ts");
      settle(await ps(withGlobals(program, options), context));
    });

  program
    .command("ls")
    .description("every mesh that you run on this machine")
    .addOption(outputOption(["table", "json", "name"]))
    .addOption(jsonOption())
    .addHelpText("after", "\nExamples:\n  meshdev ls\n  meshdev ls -o json")
    .action(async (options) => {
      const { ls } = await import("./commands/ls.ts");
      settle(await ls(withGlobals(program, options), context));
    });

  program
    .command("logs [service...]")
    .description("what the programs printed")
    .addOption(directoryOption())
    .addOption(new Option("-f, --follow", "go on as new lines come").env("MESHDEV_FOLLOW"))
    .addOption(new Option("--tail <n>", "only the last lines").argParser(parseCount).env("MESHDEV_TAIL"))
    .addOption(outputOption(["table", "json", "ndjson"]))
    .addOption(jsonOption())
    .addOption(filterOption())
    .addHelpText(
      "after",
      "\nExamples:\n  meshdev logs\n  meshdev logs backend -f --tail 20\n  meshdev logs --filter 'stream:stderr'",
    )
    .action(async (services: readonly string[], options) => {
      const { logs } = await import("./commands/logs.ts");
      settle(await logs(services, withGlobals(program, options), context));
    });

  program
    .command("events")
    .description("handshakes, requests and decisions as they happen")
    .addOption(directoryOption())
    .addOption(outputOption(["table", "json", "ndjson"]))
    .addOption(jsonOption())
    .addOption(filterOption())
    .addOption(new Option("--for <duration>", "stop after this time").argParser(parseDuration).env("MESHDEV_FOR"))
    .addOption(new Option("--limit <n>", "stop after so many events").argParser(parseCount).env("MESHDEV_LIMIT"))
    .addOption(new Option("--replay", "first what happened before").env("MESHDEV_REPLAY"))
    .addOption(new Option("--headers", "with request headers, secrets redacted").env("MESHDEV_HEADERS"))
    .addOption(new Option("-v, --verbose", "also what proxies report from the client's side").env("MESHDEV_VERBOSE"))
    .addHelpText(
      "after",
      "\nExamples:\n  meshdev events --filter verdict:denied\n  meshdev events -o ndjson --for 8s\n  meshdev events --replay --limit 20\n\nNDJSON: line one is the state with its schemaVersion; see `meshdev schema events`.",
    )
    .action(async (options) => {
      const { events } = await import("./commands/events.ts");
      settle(await events(withGlobals(program, options), context));
    });

  program
    .command("exec")
    .description("run a command with a service's identity, through a sidecar of its own")
    .addOption(directoryOption())
    .addOption(new Option("--as <service>", "whose identity").makeOptionMandatory().env("MESHDEV_AS"))
    .argument("<command...>", "the command and its arguments, after --")
    .addHelpText(
      "after",
      "\nExamples:\n  meshdev exec --as frontend -- node probe.mjs\n  meshdev exec --as frontend -- curl -s http://backend:8080/api/data\n\nThe exit code is that of the command.",
    )
    .action(async (command: readonly string[], options) => {
      const { exec } = await import("./commands/exec.ts");
      settle(await exec(command, withGlobals(program, options), context));
    });
}

/** Options of the command with those before its name. */
export function withGlobals<T>(program: Command, options: T): T & { readonly color: "auto" | "always" | "never" } {
  return { ...program.opts<{ readonly color: "auto" | "always" | "never" }>(), ...options };
}
