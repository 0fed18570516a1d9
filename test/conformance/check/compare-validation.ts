import type { ParsedDocument, ParsedFile } from "../../../runtime/config/documents.ts";
import type { Finding } from "../../../runtime/config/finding.ts";
import type { ExpectedDocument } from "./case.ts";
import { type Difference, differ } from "./difference.ts";

/** Stages that the recordings have; whether a text is a Kubernetes object at all is told there as a parse error or not at all. */
const stages = ["metadata", "unknownField", "schema", "list", "cel", "kind"];

/** Disagreements between the recorded verdicts of a file's documents and ours. */
export function compareValidation(expected: readonly ExpectedDocument[], file: ParsedFile): readonly Difference[] {
  return expected.flatMap((document) => {
    const where = `${document.file}[${document.doc}] ${document.kind}`;
    const ours = [...file.documents, ...file.readable].find(({ number, inList }) => number === document.doc && !inList);
    const unreadable = file.unreadable.includes(document.doc) || (ours?.problems ?? []).some(isUnreadable);
    if (document.parseError !== undefined)
      return unreadable || ours?.object === undefined
        ? []
        : [{ what: `${where} parse error`, expected: document.parseError, actual: "none" }];
    if (unreadable)
      return [{ what: `${where} parse error`, expected: "none", actual: ours?.problems.map(({ message }) => message) }];
    const findings = document.apiVersion.includes("istio.io") || document.kind === "" ? (ours?.findings ?? []) : [];
    const told = (severity: "error" | "warning"): readonly string[] =>
      findings
        .filter(
          ({ stage, severity: own = "error" }) => stage === "istio" && (own === "error") === (severity === "error"),
        )
        .map(({ message }) => message);
    return [
      ...differ(`${where} errors`, document.errors, told("error")),
      ...differ(`${where} warnings`, document.warnings, told("warning")),
      ...differ(
        `${where} schema errors`,
        document.schemaErrors.map(expectedPlace),
        schemaPlaces(findings, document, ours),
      ),
    ];
  });
}

function isUnreadable(problem: ParsedDocument["problems"][number]): boolean {
  return problem.code === "MD1009" || problem.code === "MD1001";
}

function schemaPlaces(
  findings: readonly Finding[],
  document: ExpectedDocument,
  ours: ParsedDocument | undefined,
): readonly string[] {
  if (ours?.object === undefined) return document.kind === "" ? ["kind"] : [];
  return findings
    .filter(({ stage }) => stage !== undefined && stages.includes(stage))
    .map(({ stage, field }) => (stage === "kind" ? "kind" : `${stage ?? ""} ${field}`));
}

/** The stage and the field path that a recorded schema error names. */
function expectedPlace({ stage, message }: { readonly stage: string; readonly message: string }): string {
  if (stage === "kind") return "kind";
  if (stage === "unknownField") return `${stage} ${/"([^"]*)"/.exec(message)?.[1] ?? ""}`;
  const path = message.slice(0, message.indexOf(": "));
  // The schema's own path is empty where alternatives or number formats are judged: the text names the field.
  const named =
    path === "<nil>" ? (/"(spec[^"]*)"/.exec(message)?.[1] ?? / in (spec\S*)$/.exec(message)?.[1] ?? "spec") : path;
  return `${stage} ${named.replace(/\[([^\]\d][^\]]*)\]/g, ".$1")}`;
}
