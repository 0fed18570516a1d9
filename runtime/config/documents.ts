import type { Problem } from "../core/problem.ts";
import type { SourceFile, SourcePosition } from "../core/source.ts";
import { type Resource, resourceName } from "../model/resource.ts";
import { joinIndex } from "./field-path.ts";
import { checkKind, type DocumentName, identify } from "./document-kind.ts";
import { checkMetadata } from "./document-metadata.ts";
import type { Finding } from "./finding.ts";
import { specOf } from "./credentials.ts";
import { checkShape } from "./shape-check.ts";
import { sourceText } from "./source-text.ts";
import { stringEntries } from "./string-entries.ts";
import { didYouMean } from "./suggestion.ts";
import { parseTimestamp } from "./timestamp.ts";
import { documentKeys, validateDocument } from "./validate/document.ts";
import { isRecord, parseYaml, type YamlTree } from "./yaml-tree.ts";

/** A document that says who it is, valid or not: what analyzers look at. */
export interface DocumentObject extends DocumentName {
  /** The whole document as it is written. */
  readonly raw: Readonly<Record<string, unknown>>;
  /** `spec` as Istio's decoder reads it; undefined when it does not, or the kind is not Istio's. */
  readonly decoded: unknown;
  readonly inList: boolean;
  /** Of the document itself, for a List's item of the item. */
  readonly at: SourcePosition;
  readonly firstLine: YamlTree["firstLine"];
  readonly positions: Resource["positions"];
  readonly locate: YamlTree["locate"];
}

/** One document of a file of the mesh folder. */
export interface ParsedDocument {
  /** Its number in the file, from 0; empty ones count, the items of a List share one. */
  readonly number: number;
  /** An item of a `kind: List`. */
  readonly inList: boolean;
  /** Undefined when it does not say what it is. */
  readonly object: DocumentObject | undefined;
  /** What is wrong with it, and at which stage; `problems` are the same with positions. */
  readonly findings: readonly Finding[];
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
  /** Numbers of the documents that cannot be parsed. */
  readonly unreadable: readonly number[];
  readonly documents: readonly ParsedDocument[];
  /** Documents of a broken file that can be read: they are judged, but none of them takes effect. */
  readonly readable: readonly ParsedDocument[];
  /** Problems of the file as a whole. */
  readonly problems: readonly Problem[];
}

/** Reads every document of a mesh file and validates it as an API server with Istio's webhook would. Never throws. */
export function parseDocuments(file: SourceFile): ParsedFile {
  const { trees, problems, unreadable } = parseYaml(sourceText(file), "kubernetes");
  const documents = trees
    .flatMap((tree, number) =>
      tree === undefined || tree.value === undefined || tree.value === null
        ? []
        : listItems(tree).map((item) => ({ item, number, inList: item !== tree })),
    )
    .map(({ item, number, inList }, index) => parseDocument(item, index, number, inList));
  const broken = problems.length > 0;
  return {
    path: file.path,
    broken,
    unreadable,
    documents: broken ? [] : documents,
    readable: broken ? documents : [],
    problems,
  };
}

/** `kubectl` opens Lists; the items keep their lines. */
function listItems(tree: YamlTree): readonly YamlTree[] {
  const { value } = tree;
  if (!isRecord(value) || value["kind"] !== "List" || !Array.isArray(value["items"])) return [tree];
  return value["items"].flatMap((_, index) => tree.subtree(joinIndex("items", index)) ?? []);
}

function parseDocument(tree: YamlTree, index: number, number: number, inList: boolean): ParsedDocument {
  const who = identify(tree.value);
  const { findings, decoded } =
    who === undefined ? { findings: [], decoded: undefined } : checkDocument(tree.value, who);
  const label =
    who?.name === undefined
      ? `document ${index + 1}`
      : resourceName({ kind: who.kind, namespace: who.namespace, name: who.name });
  const problems = [
    ...tree.problems,
    ...(who === undefined
      ? [notAnObject(tree)]
      : withoutEchoes(
          findings.map((finding) => toProblem(tree, finding, who.name === undefined ? undefined : label)),
          findings,
        )),
  ];
  const valid = who?.name !== undefined && !problems.some((problem) => problem.severity === "error");
  return {
    number,
    inList,
    object:
      who === undefined || !isRecord(tree.value)
        ? undefined
        : {
            ...who,
            raw: tree.value,
            decoded,
            inList,
            at: tree.at,
            firstLine: tree.firstLine,
            positions: tree.positions,
            locate: tree.locate,
          },
    findings,
    key: who?.name === undefined ? undefined : `${who.group}/${who.kind}/${who.namespace}/${who.name}`,
    label,
    at: tree.at,
    resource: valid && isRecord(tree.value) ? buildResource(tree, tree.value, { ...who, name: who.name }) : undefined,
    problems,
  };
}

/** What the schema refuses Istio's decoder and validators often refuse once more: one problem per place is enough. */
function withoutEchoes(problems: readonly Problem[], findings: readonly Finding[]): readonly Problem[] {
  const place = ({ at }: Problem): string => `${at?.line ?? 0}:${at?.column ?? 0}`;
  const refused = new Set(problems.filter((_, index) => findings[index]?.stage !== "istio").map(place));
  return problems.filter(
    (problem, index) =>
      findings[index]?.stage !== "istio" ||
      problem.severity !== "error" ||
      refused.size === 0 ||
      !(refused.has(place(problem)) || problem.message.startsWith("cannot parse proto message")),
  );
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

interface CheckedDocument {
  readonly findings: readonly Finding[];
  readonly decoded: unknown;
}

function checkDocument(value: unknown, who: DocumentName): CheckedDocument {
  if (!isRecord(value)) return { findings: [], decoded: undefined };
  const findings = [...checkKind(who), ...checkMetadata(value["metadata"], who)];
  if (who.entry === undefined || findings.some((finding) => finding.stage === "kind"))
    return { findings, decoded: undefined };
  const { spec } = who.entry;
  if (spec === undefined) return { findings, decoded: undefined };
  for (const key of Object.keys(value)) if (!documentKeys.includes(key)) findings.push(unknownKey(key));
  if (Object.hasOwn(value, "spec")) findings.push(...checkShape(value["spec"], spec, "spec"));
  else if (who.entry.needsSpec === true)
    findings.push({ code: "MD1007", stage: "schema", field: "spec", message: "spec is required" });
  const { findings: refused, spec: decoded } = validateDocument(value, who);
  return { findings: [...findings, ...refused], decoded };
}

function unknownKey(key: string): Finding {
  const meant = didYouMean(key, ["metadata", "spec"]);
  return {
    code: "MD1006",
    stage: "unknownField",
    field: key,
    part: "key",
    message: `unknown field ${key}`,
    hint: meant === undefined ? "fields of the resource belong below spec" : `${key}: ${meant}`,
  };
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
    spec: specOf(who.kind, value),
    positions: tree.positions,
  };
}

function toProblem(tree: YamlTree, finding: Finding, resource: string | undefined): Problem {
  return {
    code: finding.code,
    severity: finding.severity ?? "error",
    message: finding.message,
    ...(finding.hint === undefined ? {} : { hint: finding.hint }),
    ...tree.locate(finding.at ?? finding.field, finding.part),
    ...(resource === undefined ? {} : { resource }),
    field: finding.field,
  };
}
