import type { Problem } from "../core/problem.ts";
import type { SourceFile, SourcePosition } from "../core/source.ts";
import { type Labels, type Resource, resourceName } from "../model/resource.ts";
import { joinIndex } from "./field-path.ts";
import { checkKind, type DocumentName, identify } from "./document-kind.ts";
import { checkMetadata } from "./document-metadata.ts";
import { checkShape, type Finding } from "./shape-check.ts";
import { sourceText } from "./source-text.ts";
import { didYouMean } from "./suggestion.ts";
import { parseTimestamp } from "./timestamp.ts";
import { validateResource } from "./validate.ts";
import { isRecord, parseYaml, type YamlTree } from "./yaml-tree.ts";

/** One document of a file of the mesh folder. */
export interface ParsedDocument {
  /** `group/Kind/namespace/name`, as far as the document says who it is. */
  readonly key: string | undefined;
  /** `Kind namespace/name`, or its number in the file. */
  readonly label: string;
  readonly at: SourcePosition;
  /** Undefined when the document does not validate. */
  readonly resource: Resource | undefined;
  readonly problems: readonly Problem[];
}

export interface ParsedFile {
  readonly path: string;
  /** The YAML cannot be parsed: nothing is known of the file's documents. */
  readonly broken: boolean;
  readonly documents: readonly ParsedDocument[];
  /** Problems of the file as a whole. */
  readonly problems: readonly Problem[];
}

/** Reads every document of a mesh file and validates it as an API server with Istio's webhook would. Never throws. */
export function parseDocuments(file: SourceFile): ParsedFile {
  const { trees, problems } = parseYaml(sourceText(file), "kubernetes");
  const documents = trees
    .filter((tree) => tree.value !== undefined && tree.value !== null)
    .flatMap(listItems)
    .map((tree, index) => parseDocument(tree, index));
  return { path: file.path, broken: problems.some((problem) => problem.severity === "error"), documents, problems };
}

/** `kubectl` opens Lists; the items keep their lines. */
function listItems(tree: YamlTree): readonly YamlTree[] {
  const { value } = tree;
  if (!isRecord(value) || value["kind"] !== "List" || !Array.isArray(value["items"])) return [tree];
  return value["items"].flatMap((_, index) => tree.subtree(joinIndex("items", index)) ?? []);
}

function parseDocument(tree: YamlTree, index: number): ParsedDocument {
  const who = identify(tree.value);
  const findings = who === undefined ? [] : checkDocument(tree.value, who);
  const label =
    who?.name === undefined
      ? `document ${index + 1}`
      : resourceName({ kind: who.kind, namespace: who.namespace, name: who.name });
  const problems = [
    ...tree.problems,
    ...(who === undefined
      ? [notAnObject(tree)]
      : findings.map((finding) => toProblem(tree, finding, who.name === undefined ? undefined : label))),
  ];
  const valid = who?.name !== undefined && !problems.some((problem) => problem.severity === "error");
  return {
    key: who?.name === undefined ? undefined : `${who.group}/${who.kind}/${who.namespace}/${who.name}`,
    label,
    at: tree.at,
    resource: valid && isRecord(tree.value) ? buildResource(tree, tree.value, { ...who, name: who.name }) : undefined,
    problems,
  };
}

function notAnObject(tree: YamlTree): Problem {
  const { value } = tree;
  const missing = !isRecord(value)
    ? undefined
    : typeof value["kind"] !== "string" || value["kind"] === ""
      ? "kind"
      : "apiVersion";
  return {
    code: "MD1004",
    severity: "error",
    message:
      missing === undefined
        ? `a document must be a map with apiVersion, kind and metadata, found ${Array.isArray(value) ? "a list" : typeof value}`
        : `the document has no ${missing}`,
    hint:
      missing === "kind"
        ? "add kind, such as `kind: AuthorizationPolicy`"
        : "add apiVersion, such as `apiVersion: security.istio.io/v1`",
    ...tree.locate(""),
  };
}

function checkDocument(value: unknown, who: DocumentName): readonly Finding[] {
  if (!isRecord(value)) return [];
  const findings = [...checkKind(who), ...checkMetadata(value["metadata"], who)];
  if (who.entry === undefined || findings.some((finding) => finding.code === "MD1005")) return findings;
  if (who.entry.spec !== undefined) {
    for (const key of Object.keys(value)) {
      if (["apiVersion", "kind", "metadata", "spec", "status"].includes(key)) continue;
      const meant = didYouMean(key, ["metadata", "spec"]);
      findings.push({
        code: "MD1006",
        field: key,
        part: "key",
        message: `unknown field ${key}`,
        hint: meant === undefined ? "fields of the resource belong below spec" : `${key}: ${meant}`,
      });
    }
    if (Object.hasOwn(value, "spec")) findings.push(...checkShape(value["spec"], who.entry.spec, "spec"));
    else if (who.kind === "DestinationRule")
      findings.push({ code: "MD1007", field: "", message: "spec.host is required" });
  }
  // Meaning is judged even when a field elsewhere has the wrong shape, as long as what it reads has the right one.
  return [
    ...findings,
    ...validateResource(value, { kind: who.kind, namespace: who.namespace, name: who.name ?? "" }, findings),
  ];
}

function buildResource(
  tree: YamlTree,
  value: Readonly<Record<string, unknown>>,
  who: DocumentName & { readonly name: string },
): Resource {
  const metadata = isRecord(value["metadata"]) ? value["metadata"] : {};
  const created =
    typeof metadata["creationTimestamp"] === "string" ? parseTimestamp(metadata["creationTimestamp"]) : undefined;
  return {
    apiVersion: who.apiVersion,
    kind: who.kind,
    name: who.name,
    namespace: who.namespace,
    labels: stringEntries(metadata["labels"]),
    annotations: stringEntries(metadata["annotations"]),
    ...(created === undefined ? {} : { createdAt: created }),
    spec: value["spec"] ?? {},
    positions: tree.positions,
  };
}

function stringEntries(value: unknown): Labels {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

function toProblem(tree: YamlTree, finding: Finding, resource: string | undefined): Problem {
  return {
    code: finding.code,
    severity: finding.severity ?? "error",
    message: finding.message,
    ...(finding.hint === undefined ? {} : { hint: finding.hint }),
    ...tree.locate(finding.field, finding.part),
    ...(resource === undefined ? {} : { resource }),
    field: finding.field,
  };
}
