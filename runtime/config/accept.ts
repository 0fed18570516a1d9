import { type Problem, sortProblems } from "../core/problem.ts";
import type { SourcePosition } from "../core/source.ts";
import type { Resource } from "../model/resource.ts";
import type { ParsedDocument, ParsedFile } from "./documents.ts";

/** A document that is written but in force in no version, because none was ever valid. */
interface MissingDocument {
  /** `Kind namespace/name`, `document 2`, or `every document` of a file that cannot be parsed. */
  readonly label: string;
  readonly at: SourcePosition;
}

/** A document in force: its own version, or the last valid one when `stale`. */
interface AcceptedDocument {
  readonly key: string;
  readonly resource: Resource;
  readonly stale: boolean;
}

export interface Accepted {
  /** In order of files and documents; each key once. */
  readonly resources: readonly Resource[];
  readonly problems: readonly Problem[];
  readonly missing: readonly MissingDocument[];
  /** What is in force per file, for the next time. */
  readonly files: ReadonlyMap<string, readonly AcceptedDocument[]>;
}

/**
 * The rule of the last good version (model.md §3). `files` are all mesh files as they are now.
 * A document that does not validate keeps its last valid version, a file that cannot be parsed keeps all of its documents,
 * and what is no longer written is gone.
 */
export function acceptFiles(previous: Accepted | undefined, files: readonly ParsedFile[]): Accepted {
  const known = new Map<string, AcceptedDocument>();
  for (const documents of previous?.files.values() ?? [])
    for (const document of documents) known.set(document.key, document);

  const written = new Map<string, readonly AcceptedDocument[]>();
  const missing: MissingDocument[] = [];
  const problems: Problem[] = [];
  for (const file of [...files].toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))) {
    const before = previous?.files.get(file.path) ?? [];
    problems.push(...file.problems.map((problem) => withLastGood(problem, before.length > 0)));
    if (file.broken) {
      if (before.length === 0)
        missing.push({ label: "every document", at: file.problems[0]?.at ?? { file: file.path, line: 1, column: 1 } });
      written.set(file.path, before.map(asStale));
      continue;
    }
    const result = acceptDocuments(file, before, known);
    written.set(file.path, result.documents);
    missing.push(...result.missing);
    problems.push(...result.problems);
  }

  const { files: kept, repeated } = settleRepetitions(written);
  return {
    files: kept,
    resources: [...kept.values()].flat().map((document) => document.resource),
    problems: sortProblems([...problems, ...repeated]),
    missing,
  };
}

interface FileResult {
  readonly documents: readonly AcceptedDocument[];
  readonly missing: readonly MissingDocument[];
  readonly problems: readonly Problem[];
}

function acceptDocuments(
  file: ParsedFile,
  before: readonly AcceptedDocument[],
  known: ReadonlyMap<string, AcceptedDocument>,
): FileResult {
  const documents: AcceptedDocument[] = [];
  const missing: MissingDocument[] = [];
  const problems: Problem[] = [];
  const nameless: ParsedDocument[] = [];
  for (const document of file.documents) {
    if (document.resource !== undefined && document.key !== undefined) {
      documents.push({ key: document.key, resource: document.resource, stale: false });
      problems.push(...document.problems);
      continue;
    }
    const last = document.key === undefined ? undefined : known.get(document.key);
    if (last !== undefined) documents.push(asStale(last));
    // A document that no longer says its name may be any of those that this file had.
    else if (!couldBeRenamed(document, before, file)) missing.push({ label: document.label, at: document.at });
    if (last === undefined) nameless.push(document);
    problems.push(...document.problems.map((problem) => withLastGood(problem, last !== undefined)));
  }
  if (nameless.length > 0) {
    const named = new Set(file.documents.map((document) => document.key));
    for (const document of before) if (!named.has(document.key)) documents.push(asStale(document));
  }
  return { documents, missing, problems };
}

/** Whether an invalid document without a last version can be one of the file's earlier documents whose name is no longer written. */
function couldBeRenamed(document: ParsedDocument, before: readonly AcceptedDocument[], file: ParsedFile): boolean {
  const named = new Set(file.documents.map((other) => other.key));
  return document.key === undefined && before.some((other) => !named.has(other.key));
}

/** One version per key: a valid one beats a kept one, a later one an earlier one, as `kubectl apply` of the files in order would have it. */
function settleRepetitions(written: ReadonlyMap<string, readonly AcceptedDocument[]>): {
  readonly files: ReadonlyMap<string, readonly AcceptedDocument[]>;
  readonly repeated: readonly Problem[];
} {
  const winners = new Map<string, AcceptedDocument>();
  const repeated: Problem[] = [];
  for (const document of [...written.values()].flat()) {
    const other = winners.get(document.key);
    if (other === undefined || other.stale || !document.stale) winners.set(document.key, document);
    if (other !== undefined && !other.stale && !document.stale)
      repeated.push(repetition(document.resource, other.resource));
  }
  const files = new Map(
    [...written].map(
      ([path, documents]) => [path, documents.filter((document) => winners.get(document.key) === document)] as const,
    ),
  );
  return { files, repeated };
}

function repetition(later: Resource, earlier: Resource): Problem {
  const here = later.positions.at["metadata.name"] ?? [1, 1];
  const there = earlier.positions.at["metadata.name"] ?? [1, 1];
  const name = `${later.kind} ${later.namespace}/${later.name}`;
  return {
    code: "MD2011",
    severity: "warning",
    message: `${name} is already written at ${earlier.positions.file}:${there[0]}; this one replaces it`,
    hint: "remove one of the two",
    at: { file: later.positions.file, line: here[0], column: here[1] },
    resource: name,
    field: "metadata.name",
  };
}

function asStale(document: AcceptedDocument): AcceptedDocument {
  return document.stale ? document : { ...document, stale: true };
}

/** An error whose document is still in force in an older version says so. */
function withLastGood(problem: Problem, kept: boolean): Problem {
  if (!kept || problem.severity !== "error") return problem;
  const note = "the last valid version stays in force";
  return { ...problem, hint: problem.hint === undefined ? note : `${problem.hint}; ${note}` };
}
