import { codes } from "../../runtime/core/codes.ts";
import { MeshError } from "../../runtime/core/error.ts";
import { formatPosition } from "../../runtime/core/source.ts";
import { problemLines } from "./problem.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Line } from "./segment.ts";

/** An error in three lines: what, why, what next. Problems that it stands for come first, as they are the longer story. */
export function errorLines(error: unknown): readonly Line[] {
  if (!(error instanceof MeshError)) return bugLines(error);
  const entry = codes[error.code];
  const at = error.at === undefined ? "" : `${sanitize(formatPosition(error.at))}: `;
  return [
    // A start that failed for one reason says it once.
    ...error.problems.filter((problem) => problem.message !== error.message).flatMap(problemLines),
    [seg("error ", "bad"), seg(`${error.code} `, "dim"), seg(`${at}${multi(error.message)}`)],
    [seg("  why  ", "dim"), seg(entry.why)],
    [seg("  next ", "dim"), seg(multi(error.hint ?? entry.next))],
  ];
}

function multi(text: string): string {
  return text.split("\n").map(sanitize).join("\n       ");
}

function bugLines(error: unknown): readonly Line[] {
  const entry = codes.MD9001;
  const text = error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
  return [
    ...text.split("\n").map((line): Line => [seg(sanitize(line), "dim")]),
    [
      seg("error ", "bad"),
      seg("MD9001 ", "dim"),
      seg(sanitize(error instanceof Error ? error.message : String(error))),
    ],
    [seg("  why  ", "dim"), seg(entry.why)],
    [seg("  next ", "dim"), seg(entry.next)],
  ];
}
