import type { Problem } from "../core/problem.ts";
import type { SourceFile, SourcePosition } from "../core/source.ts";

/** Half-open range of UTF-16 offsets in a text. */
export type Span = readonly [from: number, to: number];

/** A file's text with its line starts, so that offsets become positions and excerpts. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
  readonly lineStarts: readonly number[];
}

/** Longest excerpt; a longer line is cut around the caret. */
const excerptWidth = 160;

/** A byte order mark is dropped: editors do not count it as a column. */
export function sourceText(file: SourceFile): SourceText {
  const text = file.text.startsWith("\uFEFF") ? file.text.slice(1) : file.text;
  const lineStarts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lineStarts.push(at + 1);
  return { path: file.path, text, lineStarts };
}

export function positionAt(source: SourceText, offset: number): SourcePosition {
  const line = lineOf(source, offset);
  return { file: source.path, line: line + 1, column: offset - (source.lineStarts[line] ?? 0) + 1 };
}

/** The first line of the span, with the columns that a caret underlines. */
export function excerptAt(source: SourceText, span: Span): NonNullable<Problem["excerpt"]> {
  const line = lineOf(source, span[0]);
  const start = source.lineStarts[line] ?? 0;
  const next = source.lineStarts[line + 1];
  const full = source.text.slice(start, next === undefined ? undefined : next - 1).replace(/\r$/, "");
  const from = Math.min(span[0] - start, full.length);
  const to = Math.min(Math.max(span[1] - start, from + 1), Math.max(full.length, from + 1));
  if (full.length <= excerptWidth) return { text: full, from, to };
  const cut = Math.max(0, Math.min(from - 40, full.length - excerptWidth));
  const text = full.slice(cut, cut + excerptWidth);
  return { text, from: from - cut, to: Math.min(to - cut, text.length) };
}

/** Index of the line that holds `offset`. */
function lineOf(source: SourceText, offset: number): number {
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((source.lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
