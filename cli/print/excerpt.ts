import { sanitize } from "./sanitize.ts";
import { seg, type Line } from "./segment.ts";
import { widthOf } from "./width.ts";

/** One line of a file with a caret under what starts at `column` (from 1); nothing when the file has no such line. */
export function excerptLines(
  text: string,
  at: { readonly line: number; readonly column: number },
  indent = "",
): readonly Line[] {
  const source = text.split(/\r\n|\n|\r/)[at.line - 1];
  if (source === undefined) return [];
  const before = sanitize(source.slice(0, at.column - 1));
  const marked = sanitize(source.slice(at.column - 1).trimEnd());
  const number = String(at.line).padStart(5);
  return [
    [seg(`${indent}${number} | `, "dim"), seg(before), seg(marked, "strong")],
    [
      seg(`${indent}      | `, "dim"),
      seg(" ".repeat(widthOf(before))),
      seg("^".repeat(Math.max(1, widthOf(marked))), "warn"),
    ],
  ];
}
