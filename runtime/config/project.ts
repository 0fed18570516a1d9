import { type Checked, sortProblems } from "../core/problem.ts";
import type { SourceFile, SourcePosition } from "../core/source.ts";
import type { Labels } from "../model/resource.ts";
import { joinIndex, joinKey } from "./field-path.ts";
import { isDnsLabel, isLabelKey, isLabelValue } from "./names.ts";
import {
  parseNeeds,
  parsePorts,
  parsePublish,
  parseReady,
  type PortSpec,
  type PublishSpec,
  type ReadySpec,
} from "./project-ports.ts";
import { createReader, type Reader } from "./project-reader.ts";
import { projectKeys, serviceKeys, variantKeys } from "./project-schema.ts";
import { sourceText } from "./source-text.ts";
import { isRecord, parseYaml, type YamlTree } from "./yaml-tree.ts";

/** Instances of one service. */
export const mostInstances = 250;

/** meshdev.yaml as the user wrote it: absent means that the user left it out. */
export interface ProjectSpec {
  readonly name: string | undefined;
  readonly services: readonly ServiceSpec[];
  readonly variants: readonly VariantSpec[];
  /** Files and folders of Istio and Kubernetes YAML, relative to the project file. */
  readonly mesh: readonly string[];
  /** Folder of a plug-in CA, relative to the project file. */
  readonly ca: string | undefined;
  readonly meshConfig: Readonly<Record<string, unknown>>;
  readonly features: Labels;
  /** Position and excerpt of a field of the project file. */
  readonly locate: YamlTree["locate"];
  /** The file it was read from, and whether variables were replaced already. */
  readonly source: SourceFile;
  readonly interpolated: boolean;
}

export interface ServiceSpec {
  readonly key: string;
  /** Field path of the entry: `services.orders`. */
  readonly field: string;
  readonly at: SourcePosition | undefined;
  readonly run: string | readonly string[] | undefined;
  readonly cwd: string | undefined;
  readonly env: Labels;
  /** Undefined: nothing is said, which a variant inherits. */
  readonly ports: readonly PortSpec[] | undefined;
  readonly publish: readonly PublishSpec[];
  readonly sidecar: boolean | undefined;
  readonly namespace: string | undefined;
  readonly serviceAccount: string | undefined;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly instances: number | undefined;
  readonly needs: readonly string[] | undefined;
  readonly ready: ReadySpec | undefined;
}

export interface VariantSpec extends ServiceSpec {
  readonly extends: string;
}

/**
 * Reads a project file. Unknown keys and wrong values are collected, each with its position; `value` is absent when an error was found.
 * Without `env` variables are left for `resolve` to replace.
 */
export function parseProject(file: SourceFile, env?: Readonly<Record<string, string>>): Checked<ProjectSpec> {
  const parsed = parseYaml(sourceText(file), "project");
  if (parsed.problems.length > 0) return { problems: sortProblems(parsed.problems) };
  const [tree, second] = parsed.trees.filter((candidate) => candidate?.value !== undefined);
  const at = { file: file.path, line: 1, column: 1 };
  if (tree === undefined)
    return {
      problems: [
        { code: "MD1003", severity: "error", message: "the project file is empty", hint: "run `meshdev init`", at },
      ],
    };
  const reader = createReader(tree, env);
  if (second !== undefined)
    reader.problem({
      code: "MD1003",
      severity: "error",
      message: "a project file has one document; this is a second one",
      at: second.at,
    });
  const root = reader.keys("", projectKeys);
  const services = entries(reader, "services", serviceKeys).map(({ key, field, value }) =>
    readService(reader, key, field, value),
  );
  const variants = entries(reader, "variants", variantKeys).map(({ key, field, value }) => ({
    ...readService(reader, key, field, value),
    extends:
      reader.text(joinKey(field, "extends"), value["extends"]) ??
      reader.missing(field, "extends", "name the service that it is a variant of"),
  }));
  const spec: ProjectSpec = {
    name: reader.name("name", root["name"]),
    services,
    variants,
    mesh: readMesh(reader, root["mesh"]),
    ca: reader.text("ca", root["ca"]),
    meshConfig: reader.record("meshConfig", root["meshConfig"]),
    features: reader.strings("features", root["features"]),
    locate: tree.locate,
    source: file,
    interpolated: env !== undefined,
  };
  const problems = sortProblems([...tree.problems, ...reader.problems]);
  return problems.some((problem) => problem.severity === "error") ? { problems } : { value: spec, problems };
}

function readService(
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
    ports: value["port"] === undefined && value["ports"] === undefined ? undefined : parsePorts(reader, value, at),
    publish: parsePublish(reader, value["publish"], at("publish")),
    sidecar: reader.flag(at("sidecar"), value["sidecar"]),
    namespace: reader.name(at("namespace"), value["namespace"]),
    serviceAccount: reader.name(at("serviceAccount"), value["serviceAccount"]),
    labels,
    annotations: reader.strings(at("annotations"), value["annotations"]),
    instances: reader.integer(at("instances"), value["instances"], 0, mostInstances),
    needs: parseNeeds(reader, value["needs"], at("needs")),
    ready: parseReady(reader, value["ready"], at("ready")),
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

function readMesh(reader: Reader, value: unknown): readonly string[] {
  if (value === undefined) return [];
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.flatMap(
    (item, index) => reader.text(Array.isArray(value) ? joinIndex("mesh", index) : "mesh", item) ?? [],
  );
}

function entries(
  reader: Reader,
  field: string,
  keys: readonly string[],
): readonly { key: string; field: string; value: Readonly<Record<string, unknown>> }[] {
  return Object.entries(reader.record(field, reader.root[field])).flatMap(([key, value]) => {
    const at = joinKey(field, key);
    if (!isRecord(value)) {
      reader.wrong(at, `${at} must be a map`, "write at least `run:`");
      return [];
    }
    return [{ key, field: at, value: reader.keys(at, keys, value) }];
  });
}
