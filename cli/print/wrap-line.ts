import type { Line, Segment } from "./segment.ts";
import { takeStart, widthOf } from "./width.ts";

/** Breaks a line at spaces into lines of at most `columns`; continuation lines are indented by what the first was, plus two. */
export function wrapLine(line: Line, columns: number): readonly Line[] {
  const total = line.reduce((sum, segment) => sum + widthOf(segment.text), 0);
  if (total <= columns) return [line];
  const indent = Math.min(
    (/^ */.exec(line.map((segment) => segment.text).join(""))?.[0].length ?? 0) + 2,
    Math.floor(columns / 2),
  );
  const lines: Line[] = [];
  let current: Segment[] = [];
  let used = 0;
  const breakLine = (): void => {
    lines.push(current);
    current = [{ text: " ".repeat(indent), tone: "plain" }];
    used = indent;
  };
  for (const piece of pieces(line)) {
    let { text } = piece;
    if (used + widthOf(text.trimEnd()) > columns && used > indent && text.trim() !== "") {
      // A word that does not fit on any line is filled in where it stands, unless little room is left there.
      if (widthOf(text.trimEnd()) <= columns - indent || used * 2 > columns) {
        breakLine();
        text = text.trimStart();
      }
    }
    while (used + widthOf(text.trimEnd()) > columns) {
      const taken = cutAtSlash(takeStart(text, columns - used));
      if (taken === "" && used <= indent) break;
      current.push({ text: taken, tone: piece.tone });
      text = text.slice(taken.length);
      breakLine();
    }
    if (used + widthOf(text) > columns) text = text.trimEnd();
    if (text === "") continue;
    current.push({ text, tone: piece.tone });
    used += widthOf(text);
  }
  lines.push(current);
  return lines;
}

/** Identities and paths are easier to read when they break after a slash. */
function cutAtSlash(text: string): string {
  const slash = text.lastIndexOf("/");
  return slash * 2 > text.length ? text.slice(0, slash + 1) : text;
}

/** Words with the spaces that follow them. */
function pieces(line: Line): readonly Segment[] {
  return line.flatMap((segment) =>
    (segment.text.match(/ *[^ ]+ *| +/g) ?? []).map((text) => ({ text, tone: segment.tone })),
  );
}
