import { readFileSync } from "node:fs";
import { join } from "node:path";
import { analyze, notInFiles, placeOf } from "../../../runtime/analysis/analyze.ts";
import { analyzers } from "../../../runtime/analysis/analyzers/registry.ts";
import { validation } from "../../../runtime/analysis/analyzers/validation.ts";
import { defaultIngress } from "../../../runtime/analysis/default-objects.ts";
import { levelOf } from "../../../runtime/analysis/levels.ts";
import type { Message } from "../../../runtime/analysis/message.ts";
import { parseSuppression, resourceOf } from "../../../runtime/analysis/suppression.ts";
import { analyzedObject } from "../../../runtime/analysis/object.ts";
import { createWorld } from "../../../runtime/analysis/world.ts";
import type { DocumentObject, ParsedFile } from "../../../runtime/config/documents.ts";
import { certificateFault } from "../../../runtime/host/served-certificate.ts";
import { sourceText } from "../../../runtime/config/source-text.ts";
import { isRecord, parseYaml } from "../../../runtime/config/yaml-tree.ts";
import type { CheckCase, ExpectedAnalysis } from "./case.ts";
import { type Difference, differ } from "./difference.ts";

/** Disagreements between the recorded messages of `istioctl analyze` and ours. `files`: as it reads files, without a cluster's objects. */
export function compareAnalysis(
  loaded: CheckCase,
  files: readonly ParsedFile[],
  expected: ExpectedAnalysis,
  mode: "files" | "cluster",
): readonly Difference[] {
  if (expected.messages === null) return [];
  const args = argumentsOf(expected.args);
  const suppressions = (args.get("-S") ?? []).map(parseSuppression);
  // What istioctl answers without analyzing anything: a flag that it lost, and one that it cannot read.
  if (args.has("--recursive") || suppressions.includes(undefined)) return [];
  const only = args.get("--analyzer");
  const all = [...analyzers, ...validation];
  const named = all.filter(({ name }) => only === undefined || only.includes(name));
  const namespace = args.get("-n")?.[0];
  const hidden = mode === "files" ? notInFiles : [];
  const documents = files
    .filter(({ path }) => mode === "cluster" || /\.(?:ya?ml|json)$/.test(path))
    .flatMap((file) => readObjects(file, hidden));
  const world = createWorld(documents, {
    defaultNamespace: namespace ?? "",
    meshConfig: readYaml(loaded.folder, args.get("meshConfigFile")?.[0]),
    meshNetworks: readYaml(loaded.folder, args.get("meshNetworksFile")?.[0]),
    certificateFault,
    added: mode === "cluster" ? defaultIngress : [],
  });
  const messages = analyze(world, {
    // Without a known name all analyzers run.
    analyzers: named.length === 0 ? all : named,
    hidden,
    suppressions: suppressions.flatMap((suppression) => suppression ?? []),
    ...(namespace === undefined ? {} : { namespace }),
  });
  return differ(
    mode === "files" ? "analyze" : "analyze of a cluster",
    expected.messages.map(({ code, level, resource, message, file = "", line }) =>
      [code, level, resource, message, file, line ?? ""].join(" | "),
    ),
    messages.map(told),
  );
}

/** istioctl passes over a List as a whole when it does not know the kind of one of its items. */
function readObjects(file: ParsedFile, hidden: readonly string[]): readonly DocumentObject[] {
  const documents = [...file.documents, ...file.readable];
  const unknown = new Set(
    documents
      .filter(({ inList, object }) => {
        const known = object === undefined ? undefined : analyzedObject(object, "");
        return inList && (known === undefined || hidden.includes(known.type));
      })
      .map(({ number }) => number),
  );
  return documents.flatMap(({ inList, number, object }) =>
    object === undefined || (inList && unknown.has(number)) ? [] : [object],
  );
}

/** istioctl knows the lines of scalars only; messages about other fields point at the document. */
function istioctlLine(message: Message): number {
  const { source } = message.object;
  const { field } = message;
  const value = field === undefined ? undefined : valueAt(source?.raw, field);
  if (typeof value !== "object" && value !== undefined) return placeOf(message)?.line ?? 0;
  return source?.firstLine ?? 0;
}

function valueAt(value: unknown, field: string): unknown {
  let current = value;
  let rest = field;
  while (rest !== "") {
    const index = /^\[(\d+)\]\.?/.exec(rest);
    if (index !== null) {
      current = Array.isArray(current) ? current[Number(index[1])] : undefined;
      rest = rest.slice(index[0].length);
      continue;
    }
    if (!isRecord(current)) return undefined;
    // Keys may have dots of their own: the longest that exists is meant.
    const key = Object.keys(current)
      .filter((name) => rest === name || rest.startsWith(`${name}.`) || rest.startsWith(`${name}[`))
      .toSorted((a, b) => b.length - a.length)[0];
    if (key === undefined) return undefined;
    current = current[key];
    rest = rest.slice(key.length).replace(/^\./, "");
  }
  return current;
}

/** Lines of a List's items count from one more in istioctl; files in JSON have none. */
function told(message: Message): string {
  const level = { error: "Error", warning: "Warning", info: "Info" }[levelOf(message.code)];
  const file = placeOf(message)?.file ?? "";
  const line = istioctlLine(message);
  const shown = line === 0 || file.endsWith(".json") ? "" : line + (message.object.source?.inList === true ? 1 : 0);
  return [message.code, level, resourceOf(message), message.text, file, shown].join(" | ");
}

function argumentsOf(args: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const named = new Map<string, string[]>();
  for (const [index, argument] of args.entries()) {
    if (!argument.startsWith("-")) continue;
    const name = argument.endsWith("File") ? argument.replace(/^-+/, "") : argument;
    named.set(name, [...(named.get(name) ?? []), args[index + 1] ?? ""]);
  }
  return named;
}

function readYaml(folder: string, file: string | undefined): Readonly<Record<string, unknown>> {
  if (file === undefined) return {};
  try {
    const text = readFileSync(join(folder, file), "utf8");
    const value = parseYaml(sourceText({ path: file, text }), "kubernetes").trees[0]?.value;
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}
