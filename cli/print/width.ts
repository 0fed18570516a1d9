import stringWidth from "string-width";

/** The only place that knows how many columns a character takes. All functions expect sanitised text. */

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
// oxlint-disable-next-line no-control-regex
const plainAscii = /^[\u0020-\u007e]*$/;

/** Columns that `text` takes on a terminal. */
export function widthOf(text: string): number {
  return plainAscii.test(text) ? text.length : stringWidth(text);
}

/** The longest start of `text` that fits into `columns`. */
export function takeStart(text: string, columns: number): string {
  if (plainAscii.test(text)) return text.slice(0, columns);
  let taken = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const width = stringWidth(segment);
    if (used + width > columns) break;
    taken += segment;
    used += width;
  }
  return taken;
}

function takeEnd(text: string, columns: number): string {
  if (plainAscii.test(text)) return columns <= 0 ? "" : text.slice(-columns);
  let taken = "";
  let used = 0;
  for (const { segment } of [...graphemes.segment(text)].toReversed()) {
    const width = stringWidth(segment);
    if (used + width > columns) break;
    taken = segment + taken;
    used += width;
  }
  return taken;
}

/** Where a text that is too long loses characters: names at the end, paths at the start, ids in the middle. */
export type Cut = "end" | "start" | "middle";

/** `text` in at most `columns` columns; what was cut off is marked with `mark` (one column). */
export function truncate(text: string, columns: number, cut: Cut = "end", mark = "…"): string {
  if (columns <= 0) return "";
  if (widthOf(text) <= columns) return text;
  if (columns === 1) return mark;
  const room = columns - 1;
  if (cut === "end") return takeStart(text, room) + mark;
  if (cut === "start") return mark + takeEnd(text, room);
  const left = Math.ceil(room / 2);
  return takeStart(text, left) + mark + takeEnd(text, room - left);
}

/** `text` in exactly `columns` columns. */
export function pad(
  text: string,
  columns: number,
  side: "left" | "right" = "left",
  cut: Cut = "end",
  mark = "…",
): string {
  const fitted = truncate(text, columns, cut, mark);
  const blank = " ".repeat(Math.max(0, columns - widthOf(fitted)));
  return side === "left" ? fitted + blank : blank + fitted;
}

/** Breaks `text` at spaces into lines of at most `columns`; a longer word is broken where it must. */
export function wrap(text: string, columns: number): readonly string[] {
  const limit = Math.max(1, columns);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    let rest = word;
    if (line !== "" && widthOf(line) + 1 + widthOf(rest) <= limit) {
      line += ` ${rest}`;
      continue;
    }
    if (line !== "") lines.push(line);
    while (widthOf(rest) > limit) {
      const head = takeStart(rest, limit);
      if (head === "") break;
      lines.push(head);
      rest = rest.slice(head.length);
    }
    line = rest;
  }
  lines.push(line);
  return lines;
}
