import type { SourcePosition } from "../core/source.ts";
import type { NeedCondition } from "../model/container.ts";
import type { RestartPolicy } from "../model/mesh.ts";
import type { Labels } from "../model/resource.ts";
import { parseEnvFiles, type EnvFileSpec } from "./env-files.ts";
import { joinIndex, joinKey } from "./field-path.ts";
import { isDnsLabel, isLabelKey, isLabelValue } from "./names.ts";
import { parseServiceProfiles } from "./profiles.ts";
import { parseContainer, type ContainerSpec } from "./project-container.ts";
import { parsePorts, parsePublish, type PortSpec, type PublishSpec } from "./project-ports.ts";
import { parseConditions, parseNeeds, parseReady, type ReadySpec } from "./project-readiness.ts";
import type { Reader } from "./project-reader.ts";
import { parseRestart, parseWatch, type WatchSpec } from "./watch-spec.ts";

/** Instances of one service. */
export const mostInstances = 250;

export interface ServiceSpec {
  readonly key: string;
  /** Field path of the entry: `services.orders`. */
  readonly field: string;
  readonly at: SourcePosition | undefined;
  readonly run: string | readonly string[] | undefined;
  readonly cwd: string | undefined;
  readonly env: Labels;
  readonly envFiles: readonly EnvFileSpec[] | undefined;
  /** Undefined: nothing is said, which a variant inherits. */
  readonly ports: readonly PortSpec[] | undefined;
  readonly publish: readonly PublishSpec[];
  readonly sidecar: boolean | undefined;
  readonly namespace: string | undefined;
  readonly serviceAccount: string | undefined;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly instances: number | undefined;
  /** Profiles of which one must be active. */
  readonly profiles: readonly string[] | undefined;
  readonly needs: readonly string[] | undefined;
  readonly conditions: Readonly<Record<string, NeedCondition>> | undefined;
  /** Milliseconds. */
  readonly stopGraceMs: number | undefined;
  readonly container: ContainerSpec;
  readonly ready: ReadySpec | undefined;
  readonly restart: RestartPolicy | undefined;
  readonly watch: WatchSpec | undefined;
}

export interface VariantSpec extends ServiceSpec {
  readonly extends: string;
}

/** One entry of `services` or `variants`. */
export function readService(
  reader: Reader,
  key: string,
  field: string,
  value: Readonly<Record<string, unknown>>,
): ServiceSpec {
  const at = (name: string): string => joinKey(field, name);
  if (!isDnsLabel(key))
    reader.wrong(
      field,
      `${key} cannot be the name of a service`,
      "use lower case letters, digits and -, at most 63",
      "key",
    );
  const labels = reader.strings(at("labels"), value["labels"]);
  for (const [name, label] of Object.entries(labels)) {
    if (!isLabelKey(name) || !isLabelValue(label))
      reader.wrong(joinKey(at("labels"), name), `${name}: ${label} is not a valid label`);
  }
  if (value["port"] !== undefined && value["ports"] !== undefined)
    reader.wrong(at("ports"), "write port or ports, not both");
  return {
    key,
    field,
    at: reader.locate(field, "key").at,
    run: readRun(reader, at("run"), value["run"]),
    cwd: reader.text(at("cwd"), value["cwd"]),
    env: reader.strings(at("env"), value["env"]),
    envFiles: parseEnvFiles(reader, value["env_file"], at("env_file")),
    ports: value["port"] === undefined && value["ports"] === undefined ? undefined : parsePorts(reader, value, at),
    publish: parsePublish(reader, value["publish"], at("publish")),
    sidecar: reader.flag(at("sidecar"), value["sidecar"]),
    namespace: reader.name(at("namespace"), value["namespace"]),
    serviceAccount: reader.name(at("serviceAccount"), value["serviceAccount"]),
    labels,
    annotations: reader.strings(at("annotations"), value["annotations"]),
    instances: reader.integer(at("instances"), value["instances"], 0, mostInstances),
    profiles: parseServiceProfiles(reader, value["profiles"], at("profiles")),
    needs: parseNeeds(reader, value["needs"], at("needs")),
    conditions: parseConditions(reader, value["needs"], at("needs")),
    stopGraceMs: reader.duration(at("stop_grace_period"), value["stop_grace_period"]),
    container: parseContainer(reader, value, at),
    ready: parseReady(reader, value["ready"], at("ready")),
    restart: parseRestart(reader, value["restart"], at("restart")),
    watch: parseWatch(reader, value["watch"], at("watch")),
  };
}

/** A string goes to the shell, which replaces variables itself; a list is replaced here. */
function readRun(reader: Reader, field: string, value: unknown): ServiceSpec["run"] {
  if (value === undefined) return undefined;
  if (typeof value === "string" && value.trim() !== "") return value;
  if (Array.isArray(value) && value.length > 0) {
    const words = value.map((word, index) => reader.text(joinIndex(field, index), word));
    if (words.every((word) => word !== undefined)) return words;
    return undefined;
  }
  reader.wrong(
    field,
    "run must be a command as one string, or a list of the program and its arguments",
    'write `run: npm start` or `run: ["node", "server.mjs"]`',
  );
  return undefined;
}
