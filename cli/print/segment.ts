import { styleText } from "node:util";
import { pad, truncate, widthOf } from "./width.ts";

/** What a piece of text means; colours follow from it, and the words alone must suffice without them. */
export type Tone = "plain" | "dim" | "strong" | "good" | "bad" | "warn" | "info" | "title";

export interface Segment {
  readonly text: string;
  readonly tone: Tone;
}

/** One line on a terminal. Text in it is already sanitised. */
export type Line = readonly Segment[];

export function seg(text: string, tone: Tone = "plain"): Segment {
  return { text, tone };
}

export function lineText(line: Line): string {
  return line.map((segment) => segment.text).join("");
}

export function lineWidth(line: Line): number {
  return line.reduce((sum, segment) => sum + widthOf(segment.text), 0);
}

/** `line` in exactly `columns` columns, cut at the end. */
export function fitLine(line: Line, columns: number, mark = "…"): Line {
  const fitted: Segment[] = [];
  let used = 0;
  const total = lineWidth(line);
  for (const segment of line) {
    const room = columns - used;
    if (room <= 0) break;
    const width = widthOf(segment.text);
    if (width < room || (width === room && total <= columns)) {
      fitted.push(segment);
      used += width;
      continue;
    }
    const text = truncate(`${segment.text}${" ".repeat(width === room ? 1 : 0)}`, room, "end", mark);
    fitted.push({ text, tone: segment.tone });
    used += widthOf(text);
    break;
  }
  if (used < columns) fitted.push(seg(pad("", columns - used)));
  return fitted;
}

/** Which colours can be read: none at all, those for a dark background (also when it is not known), those for a light one. */
export type Palette = "none" | "dark" | "light";

/** Bold and dim plus the terminal's own 16 colours, so that its theme applies; yellow and cyan vanish on white. */
const dark = {
  dim: "dim",
  strong: "bold",
  good: "green",
  bad: ["red", "bold"],
  warn: "yellow",
  info: "cyan",
  title: ["bold", "cyan"],
} as const;
const light = { ...dark, warn: "magenta", info: "blue", title: ["bold", "blue"] } as const;

/** Turns a line into a string; without colours only the words remain. */
export function paint(line: Line, palette: Palette): string {
  if (palette === "none") return lineText(line);
  const formats = palette === "light" ? light : dark;
  return line
    .map(({ text, tone }) =>
      tone === "plain" || text === "" ? text : styleText([formats[tone]].flat(), text, { validateStream: false }),
    )
    .join("");
}

/** The selected row: reversed over its whole width. */
export function paintSelected(line: Line, palette: Palette): string {
  const text = lineText(line);
  return palette !== "none" ? styleText("inverse", text, { validateStream: false }) : text;
}
