import type { ContainerMount, Healthcheck, PullPolicy } from "../model/container.ts";
import type { Labels } from "../model/resource.ts";
import { commandWords } from "./command-words.ts";
import { buildFields, containerFields, healthcheckFields } from "./container-schema.ts";
import { joinIndex, joinKey } from "./field-path.ts";
import { parseVolumes } from "./project-volumes.ts";
import type { Reader } from "./project-reader.ts";
import { isRecord } from "./yaml-tree.ts";

/** What an entry says of its container; absent: nothing, which a variant inherits. Paths are as written. */
export interface ContainerSpec {
  readonly image?: string;
  readonly build?: BuildSpec;
  readonly pullPolicy?: PullPolicy;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly mounts?: readonly ContainerMount[];
  readonly user?: string;
  readonly workingDirectory?: string;
  readonly healthcheck?: Healthcheck | "none";
  readonly tty?: boolean;
  readonly memoryLimit?: number;
  readonly cpuLimit?: number;
  /** Keys of the entry that only a container has. */
  readonly keys: readonly string[];
}

export interface BuildSpec {
  readonly context: string;
  readonly dockerfile: string;
  readonly args: Labels;
  readonly target: string | undefined;
}

export const noContainer: ContainerSpec = { keys: [] };

const containerKeys: readonly string[] = Object.keys(containerFields);
const pullPolicies: Readonly<Record<string, PullPolicy>> = {
  always: "always",
  missing: "missing",
  if_not_present: "missing",
  never: "never",
  build: "build",
};

/** Compose's keys of a container, in an entry of `services` or `variants`. */
export function parseContainer(
  reader: Reader,
  entry: Readonly<Record<string, unknown>>,
  at: (key: string) => string,
): ContainerSpec {
  const keys = containerKeys.filter((key) => entry[key] !== undefined);
  if (keys.length === 0) return noContainer;
  const parsed = {
    image: reader.text(at("image"), entry["image"]),
    build: parseBuild(reader, entry["build"], at("build")),
    pullPolicy: parsePullPolicy(reader, entry["pull_policy"], at("pull_policy")),
    entrypoint: parseWords(reader, entry["entrypoint"], at("entrypoint")),
    command: parseWords(reader, entry["command"], at("command")),
    mounts: parseVolumes(reader, entry["volumes"], at("volumes")),
    user: reader.text(at("user"), entry["user"]),
    workingDirectory: reader.text(at("working_dir"), entry["working_dir"]),
    healthcheck: parseHealthcheck(reader, entry["healthcheck"], at("healthcheck")),
    tty: reader.flag(at("tty"), entry["tty"]),
    memoryLimit: parseBytes(reader, entry["mem_limit"], at("mem_limit")),
    cpuLimit: parseCpus(reader, entry["cpus"], at("cpus")),
  };
  return { ...Object.fromEntries(Object.entries(parsed).filter(([, value]) => value !== undefined)), keys };
}

function parseBuild(reader: Reader, value: unknown, field: string): BuildSpec | undefined {
  if (value === undefined) return undefined;
  if (!isRecord(value)) {
    const context = reader.text(field, value);
    return context === undefined ? undefined : { context, dockerfile: "Dockerfile", args: {}, target: undefined };
  }
  const { context, dockerfile, args, target } = reader.keys(field, Object.keys(buildFields), value);
  return {
    context: reader.text(joinKey(field, "context"), context) ?? ".",
    dockerfile: reader.text(joinKey(field, "dockerfile"), dockerfile) ?? "Dockerfile",
    args: reader.strings(joinKey(field, "args"), args),
    target: reader.text(joinKey(field, "target"), target),
  };
}

function parsePullPolicy(reader: Reader, value: unknown, field: string): PullPolicy | undefined {
  const said = reader.text(field, value);
  if (said === undefined || said.includes("${")) return undefined;
  const policy = pullPolicies[said];
  if (policy === undefined)
    reader.wrong(field, `${field}: ${said} is unknown`, `write one of ${Object.keys(pullPolicies).join(", ")}`);
  return policy;
}

/** A list as it is; a string is split into words. */
function parseWords(reader: Reader, value: unknown, field: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value.flatMap((word, index) => reader.text(joinIndex(field, index), word) ?? []);
  const said = reader.text(field, value);
  if (said === undefined) return undefined;
  const words = commandWords(said);
  if (words === undefined) reader.wrong(field, `${field} has a quote that is not closed`, "close it, or write a list");
  return words;
}

/** A string is for the shell, as in Compose. */
function parseHealthcheck(reader: Reader, value: unknown, field: string): ContainerSpec["healthcheck"] {
  if (value === undefined) return undefined;
  const said = reader.keys(field, Object.keys(healthcheckFields), reader.record(field, value));
  const at = (key: string): string => joinKey(field, key);
  const test = Array.isArray(said["test"])
    ? (parseWords(reader, said["test"], at("test")) ?? [])
    : [reader.text(at("test"), said["test"])].flatMap((line) => (line === undefined ? [] : ["CMD-SHELL", line]));
  if (reader.flag(at("disable"), said["disable"]) === true || test[0] === "NONE") return "none";
  if ((test[0] !== "CMD" && test[0] !== "CMD-SHELL") || test.length < 2) {
    const hint = "write `[CMD, pg_isready]`, `[CMD-SHELL, …]`, or a string";
    reader.wrong(at("test"), `${at("test")} is no command`, hint);
    return undefined;
  }
  return {
    test,
    intervalMs: reader.duration(at("interval"), said["interval"]),
    timeoutMs: reader.duration(at("timeout"), said["timeout"]),
    startPeriodMs: reader.duration(at("start_period"), said["start_period"]),
    retries: reader.integer(at("retries"), said["retries"], 1, 10_000),
  };
}

const byteUnits: Readonly<Record<string, number>> = { "": 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** Bytes of `512m`, `1.5g`, `64kb` or a number, as Compose and Docker read them. */
function parseBytes(reader: Reader, value: unknown, field: string): number | undefined {
  const said = reader.text(field, value);
  if (said === undefined || said.includes("${")) return undefined;
  const [, amount = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(said) ?? [];
  const bytes = Math.round(Number(amount) * (byteUnits[unit.toLowerCase()] ?? Number.NaN));
  // Less than 6 MB no engine takes.
  if (amount !== "" && bytes >= 6 * 1024 ** 2) return bytes;
  reader.wrong(field, `${field}: ${said} is no amount of memory of 6m or more`, "write it like 512m or 1g");
  return undefined;
}

function parseCpus(reader: Reader, value: unknown, field: string): number | undefined {
  const said = reader.text(field, value);
  if (said === undefined || said.includes("${")) return undefined;
  const cpus = Number(said);
  if (cpus >= 0.01 && cpus <= 1024) return cpus;
  reader.wrong(field, `${field}: ${said} is no number of CPUs`, "write it like 0.5 or 2");
  return undefined;
}
