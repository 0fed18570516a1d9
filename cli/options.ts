import { type Command, InvalidArgumentError, Option } from "commander";
import { MeshError } from "../runtime/core/error.ts";

/** Options that mean the same on every command. Each can also be set by a MESHDEV_* variable; a flag wins. */

const outputs = ["table", "wide", "json", "yaml", "name", "ndjson", "github", "sarif", "junit", "tap"] as const;
export type Output = (typeof outputs)[number];

/** `8s`, `500ms`, `5m`, `2h`; a bare number is seconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
  if (match === null) throw new InvalidArgumentError("Write a duration such as 500ms, 8s or 5m.");
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match[2] ?? "s"] ?? 1_000;
  return Number(match[1]) * unit;
}

/** Milliseconds from now, before it with a minus; `never`. */
export function parseExpiry(text: string): number | "never" {
  if (text === "never") return text;
  return text.startsWith("-") ? -parseDuration(text.slice(1)) : parseDuration(text);
}

export function parseCount(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Write a whole number.");
  return Number(text);
}

export function parsePort(text: string): number {
  const port = parseCount(text);
  if (port < 1 || port > 65_535) throw new InvalidArgumentError("Write a port between 1 and 65535.");
  return port;
}

/** Requests per second; of more than 200 the data plane would not tell every detail. */
export function parseRate(text: string): number {
  const rate = parseCount(text);
  if (rate < 1 || rate > 200) throw new InvalidArgumentError("Write a number between 1 and 200.");
  return rate;
}

/** `name: value` of a request's header. */
export function parseHeader(text: string): readonly [string, string] {
  const at = text.indexOf(":");
  if (at <= 0) throw new MeshError("MD8001", `--header needs \`name: value\`, not ${text}`);
  return [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
}

/** The name of a service on the command line: `svc/orders` and `orders` mean the same. */
export function bareName(text: string): string {
  return text.replace(/^(svc|service|workload)\//, "");
}

/** Collects a repeatable option. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export function directoryOption(): Option {
  return new Option("-C, --directory <dir>", "project folder; where the search for meshdev.yaml begins").env(
    "MESHDEV_DIRECTORY",
  );
}

/** Adds the options that say which project a command is about, and which of its files. */
export function withProjectOptions(command: Command): Command {
  return command
    .addOption(directoryOption())
    .addOption(
      new Option(
        "-f, --file <file>",
        "project file instead of the usual one, with others laid over it; or Kubernetes YAML: files, folders, - for stdin",
      )
        .argParser(collect)
        .env("MESHDEV_FILE"),
    )
    .addOption(
      new Option("--env-file <file>", "variables instead of .env, may be repeated")
        .argParser(collect)
        .env("MESHDEV_ENV_FILE"),
    )
    .addOption(
      new Option("--run <name=command>", "run a command for a Kubernetes workload, may be repeated").argParser(collect),
    )
    .addOption(
      new Option("--profile <name>", "also the services of this profile, may be repeated; * is all of them")
        .argParser(collect)
        .env("MESHDEV_PROFILE"),
    );
}

export function outputOption(allowed: readonly Output[]): Option {
  return new Option("-o, --output <format>", "output format").choices(allowed).env("MESHDEV_OUTPUT");
}

export function jsonOption(): Option {
  return new Option("--json", "same as -o json");
}

export function colorOption(): Option {
  return new Option("--color <when>", "colours")
    .choices(["auto", "always", "never"])
    .default("auto")
    .env("MESHDEV_COLOR");
}

export function screenReaderOption(): Option {
  return new Option("--screen-reader", "lines to be read aloud: changes of verdicts, programs and files").env(
    "MESHDEV_SCREEN_READER",
  );
}

export function timeoutOption(what: string): Option {
  return new Option("--timeout <duration>", what).argParser(parseDuration).env("MESHDEV_TIMEOUT");
}

export function filterOption(): Option {
  return new Option("--filter <expression>", "only matching events, such as `verdict:denied from:web`").env(
    "MESHDEV_FILTER",
  );
}

/** What a call that a command asks about carries. */
export function callOptions(): readonly Option[] {
  return [
    new Option("--port <port>", "service port, when there are several").argParser(parsePort).env("MESHDEV_PORT"),
    new Option("--header <name: value>", "a request header, may be repeated").argParser(collect),
    new Option("--jwt <file>", "a token that the call carries; - reads it from stdin"),
    new Option("--claim <name=value>", "suppose a verified token that claims this, may be repeated").argParser(collect),
  ];
}

/** How its connection is made. */
export function connectionOptions(): readonly Option[] {
  return [
    new Option(
      "--tls <how>",
      "mesh: as the caller's sidecar does, in plaintext without one (default); the others go past its sidecar",
    )
      .choices(["mesh", "plaintext", "no-certificate", "foreign-certificate"])
      .env("MESHDEV_TLS"),
    new Option("--tcp [text]", "raw bytes instead of a request"),
  ];
}
