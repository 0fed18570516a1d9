import { type Problem, sortProblems } from "../core/problem.ts";
import type { SourceFile } from "../core/source.ts";
import { type ParsedFile, parseDocuments } from "../config/documents.ts";
import type { Mesh } from "../model/mesh.ts";
import { isAnalyzed } from "./object.ts";
import { type AnalysisRequest, analysisProblems } from "./problems.ts";
import { globMatches, type Suppression } from "./suppression.ts";

export interface CheckCounts {
  readonly files: number;
  readonly documents: number;
  /** Documents of kinds that are not looked at, by kind. */
  readonly unknownKinds: Readonly<Record<string, number>>;
  readonly suppressed: number;
}

export interface CheckResult {
  readonly problems: readonly Problem[];
  readonly counts: CheckCounts;
}

/** What validation says of every document, and what the analyzers say of all of them together. */
export function checkFiles(
  files: readonly SourceFile[],
  request: AnalysisRequest,
  found: readonly Problem[] = [],
): CheckResult {
  const parsed = files.map(parseDocuments);
  const problems = [...found, ...parsed.flatMap(documentProblems)];
  return checkParsed(parsed, problems, request);
}

/** The same for files that a project has read; `problems` is what it found. */
export function checkParsed(
  parsed: readonly ParsedFile[],
  problems: readonly Problem[],
  request: AnalysisRequest & { readonly mesh?: Mesh },
): CheckResult {
  const documents = parsed.flatMap((file) => [...file.documents, ...file.readable]);
  const objects = documents.flatMap(({ object }) => object ?? []);
  const all = sortProblems([...problems, ...withoutEchoes(analysisProblems(objects, request), problems)]);
  const told = all.filter((problem) => !isSuppressed(problem, request.suppressions ?? []));
  const unknownKinds: Record<string, number> = {};
  for (const object of objects) {
    if (object.entry === undefined && !isAnalyzed(object))
      unknownKinds[object.kind] = (unknownKinds[object.kind] ?? 0) + 1;
  }
  return {
    problems: told,
    counts: {
      files: parsed.length,
      documents: documents.length,
      unknownKinds,
      suppressed: all.length - told.length,
    },
  };
}

function documentProblems(file: ParsedFile): readonly Problem[] {
  return [...file.problems, ...[...file.documents, ...file.readable].flatMap(({ problems }) => problems)];
}

/** What a project says of unknown hosts and idle selectors in its own words the analyzers need not say again. */
export function withoutEchoes(analysis: readonly Problem[], problems: readonly Problem[]): readonly Problem[] {
  const told = new Set(
    problems.filter(({ code }) => code === "MD2004" || code === "MD2005").map(({ resource }) => resource),
  );
  return analysis.filter(
    ({ code, resource }) => !(["IST0101", "IST0127", "IST0174"].includes(code) && told.has(resource)),
  );
}

/** Codes under which istioctl knows what has a code of ours. */
const aliases: Readonly<Record<string, string>> = { MD1008: "IST0106", MD2015: "IST0133" };

function isSuppressed(problem: Problem, suppressions: readonly Suppression[]): boolean {
  return suppressions.some(
    ({ code, resource }) =>
      (code === problem.code || code === aliases[problem.code]) && globMatches(resource, problem.resource ?? ""),
  );
}
