import type { Code } from "./codes.ts";
import type { SourcePosition } from "./source.ts";

export type Severity = "error" | "warning" | "info";

/** One finding about the user's files or machine. Problems are collected and shown together, never only the first. */
export interface Problem {
  readonly code: Code;
  readonly severity: Severity;
  /** One sentence: what is wrong. */
  readonly message: string;
  /** What to do next: a command or an edit. */
  readonly hint?: string;
  readonly at?: SourcePosition;
  /** `Kind namespace/name`, when the finding belongs to one resource. */
  readonly resource?: string;
  /** Path inside the document, such as `spec.rules[0].to[0].operation.methods`. */
  readonly field?: string;
  /** The source line and the half-open column range (from 0) that a caret underlines. */
  readonly excerpt?: { readonly text: string; readonly from: number; readonly to: number };
}

/** A value together with everything found on the way; `value` is absent when an error made it meaningless. */
export interface Checked<T> {
  readonly value?: T;
  readonly problems: readonly Problem[];
}

/** Orders problems by file and position, errors before warnings, and drops exact repetitions. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const rank: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };
  const seen = new Map<string, Problem>();
  for (const problem of problems) {
    const key = JSON.stringify([problem.at, problem.code, problem.message, problem.resource, problem.field]);
    if (!seen.has(key)) seen.set(key, problem);
  }
  return [...seen.values()].toSorted(
    (a, b) =>
      (a.at?.file ?? "").localeCompare(b.at?.file ?? "") ||
      (a.at?.line ?? 0) - (b.at?.line ?? 0) ||
      (a.at?.column ?? 0) - (b.at?.column ?? 0) ||
      rank[a.severity] - rank[b.severity],
  );
}
