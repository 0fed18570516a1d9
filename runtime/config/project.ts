import { type Checked, type Problem, sortProblems } from "../core/problem.ts";
import type { SourceFile } from "../core/source.ts";
import type { Labels } from "../model/resource.ts";
import { joinIndex, joinKey } from "./field-path.ts";
import { isComposeFile, translateCompose } from "./compose/compose.ts";
import { type LayeredTree, mergeTrees } from "./project-merge.ts";
import { createReader, type Reader } from "./project-reader.ts";
import { parseProfiles, type ProfileSpec } from "./profiles.ts";
import { isProcfile, procfileTree } from "./procfile.ts";
import { projectKeys } from "./project-schema.ts";
import { readService, type ServiceSpec, type VariantSpec } from "./project-service.ts";
import { serviceKeys, variantKeys } from "./service-schema.ts";
import { sourceText } from "./source-text.ts";
import { isRecord, parseYaml, type YamlTree } from "./yaml-tree.ts";

/** meshdev.yaml as the user wrote it: absent means that the user left it out. */
export interface ProjectSpec {
  readonly name: string | undefined;
  readonly services: readonly ServiceSpec[];
  readonly variants: readonly VariantSpec[];
  readonly profiles: readonly ProfileSpec[];
  /** Files and folders of Istio and Kubernetes YAML, relative to the project file. */
  readonly mesh: readonly string[];
  /** The same, and their workloads run as well. */
  readonly kubernetes: readonly string[];
  /** Commands of workloads by name, from the command line. */
  readonly runs: Labels;
  /** Folder of a plug-in CA, relative to the project file. */
  readonly ca: string | undefined;
  readonly meshConfig: Readonly<Record<string, unknown>>;
  readonly features: Labels;
  /** All files together, as they are written. */
  readonly value: unknown;
  /** Position and excerpt of a field of the project file. */
  readonly locate: YamlTree["locate"];
  /** The project file and those that are laid over it, and whether variables were replaced already. */
  readonly sources: readonly [SourceFile, ...SourceFile[]];
  readonly interpolated: boolean;
}

/**
 * Reads a project file. Unknown keys and wrong values are collected, each with its position; `value` is absent when an error was found.
 * Without `env` variables are left for `resolve` to replace.
 * @param overlays laid over it in this order, by the rules of `mergeTrees`
 */
export function parseProject(
  file: SourceFile,
  env?: Readonly<Record<string, string>>,
  overlays: readonly SourceFile[] = [],
): Checked<ProjectSpec> {
  const files = [file, ...overlays].map(readTree);
  const unreadable = files.flatMap(({ problems }) => problems);
  if (unreadable.some(({ severity }) => severity === "error")) return { problems: sortProblems(unreadable) };
  const trees = withoutCompose(
    files.flatMap(({ path, tree }) => (tree === undefined ? [] : [{ path, tree }])),
    env,
  );
  const [tree, ...over] = trees;
  if (tree === undefined) return { problems: [emptyProject(file)] };
  const merged = mergeTrees([tree, ...over]);
  const reader = createReader(merged, env);
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
    profiles: parseProfiles(reader, root["profiles"]),
    mesh: readPaths(reader, "mesh", root["mesh"]),
    kubernetes: readPaths(reader, "kubernetes", root["kubernetes"]),
    runs: {},
    ca: reader.text("ca", root["ca"]),
    meshConfig: reader.record("meshConfig", root["meshConfig"]),
    features: reader.strings("features", root["features"]),
    value: merged.value,
    locate: merged.locate,
    sources: [file, ...overlays],
    interpolated: env !== undefined,
  };
  const problems = sortProblems([...merged.problems, ...reader.problems]);
  return problems.some((problem) => problem.severity === "error") ? { problems } : { value: spec, problems };
}

/** Compose files laid over each other first, and then as one file of ours would say it, beneath the others. */
function withoutCompose(
  files: readonly { readonly path: string; readonly tree: YamlTree }[],
  env: Readonly<Record<string, string>> | undefined,
): readonly LayeredTree[] {
  const isCompose = files.map(({ path, tree }) => isComposeFile(path, tree.value));
  const [compose, ...more] = files.filter((_, index) => isCompose[index]).map(({ tree }) => tree);
  const others = files.filter((_, index) => isCompose[index] !== true).map(({ tree }) => tree);
  if (compose === undefined) return others;
  return [{ ...translateCompose(mergeTrees([compose, ...more]), env), tag: () => undefined }, ...others];
}

/** The one document of a file; an overlay may have none. */
function readTree(file: SourceFile): {
  readonly path: string;
  readonly tree?: YamlTree;
  readonly problems: readonly Problem[];
} {
  const { path } = file;
  if (isProcfile(path)) return { path, ...procfileTree(file) };
  const parsed = parseYaml(sourceText(file), "project");
  if (parsed.problems.length > 0) return { path, problems: parsed.problems };
  const [tree, second] = parsed.trees.filter((candidate) => candidate?.value !== undefined);
  if (second !== undefined) {
    const message = "a project file has one document; this is a second one";
    return { path, problems: [{ code: "MD1003", severity: "error", message, at: second.at }] };
  }
  return { path, ...(tree === undefined ? {} : { tree }), problems: [] };
}

function emptyProject(file: SourceFile): Problem {
  const at = { file: file.path, line: 1, column: 1 };
  return { code: "MD1003", severity: "error", message: "the project file is empty", hint: "run `meshdev init`", at };
}

function readPaths(reader: Reader, field: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.flatMap(
    (item, index) => reader.text(Array.isArray(value) ? joinIndex(field, index) : field, item) ?? [],
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
