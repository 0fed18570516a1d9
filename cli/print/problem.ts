import type { Problem, Severity } from "../../runtime/core/problem.ts";
import { formatPosition } from "../../runtime/core/source.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Line, type Tone } from "./segment.ts";
import { widthOf } from "./width.ts";

const tones: Readonly<Record<Severity, Tone>> = { error: "bad", warning: "warn", info: "info" };

/** A finding as compilers print it: position, sentence, source line with a caret, what to do next. */
export function problemLines(problem: Problem): readonly Line[] {
  const head = [
    ...(problem.at === undefined ? [] : [seg(`${sanitize(formatPosition(problem.at))} `, "strong")]),
    seg(problem.severity, tones[problem.severity]),
    seg(` ${problem.code} `, "dim"),
    seg(sanitize(problem.message)),
  ];
  return [head, ...excerptLines(problem), ...contextLines(problem)];
}

function excerptLines(problem: Problem): readonly Line[] {
  const { excerpt, at } = problem;
  if (excerpt === undefined) return [];
  const number = String(at?.line ?? "").padStart(5);
  const before = sanitize(excerpt.text.slice(0, excerpt.from));
  const marked = sanitize(excerpt.text.slice(excerpt.from, Math.max(excerpt.to, excerpt.from + 1)));
  const after = sanitize(excerpt.text.slice(Math.max(excerpt.to, excerpt.from + 1)));
  const caret = "^".repeat(Math.max(1, widthOf(marked)));
  return [
    [seg(`${number} | `, "dim"), seg(`${before}${marked}${after}`)],
    [seg(`${" ".repeat(5)} | `, "dim"), seg(" ".repeat(widthOf(before))), seg(caret, tones[problem.severity])],
  ];
}

function contextLines(problem: Problem): readonly Line[] {
  const lines: Line[] = [];
  if (problem.resource !== undefined) {
    lines.push([
      seg(
        `      in ${sanitize(problem.resource)}${problem.field === undefined ? "" : `, ${sanitize(problem.field)}`}`,
        "dim",
      ),
    ]);
  }
  if (problem.hint !== undefined) lines.push([seg("      next: ", "dim"), seg(sanitize(problem.hint))]);
  return lines;
}

/** `2 errors, 1 warning` */
export function countProblems(problems: readonly Problem[]): string {
  const count = (severity: Severity): number => problems.filter((problem) => problem.severity === severity).length;
  const named = (number: number, word: string): string[] =>
    number === 0 ? [] : [`${number} ${word}${number === 1 ? "" : "s"}`];
  const parts = [
    ...named(count("error"), "error"),
    ...named(count("warning"), "warning"),
    ...named(count("info"), "note"),
  ];
  return parts.length === 0 ? "no problems" : parts.join(", ");
}
