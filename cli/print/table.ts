import { fitLine, lineWidth, seg, type Line, type Segment } from "./segment.ts";
import { pad, widthOf, type Cut } from "./width.ts";

export interface Column {
  readonly title: string;
  /** Numbers are right-aligned. */
  readonly align?: "left" | "right";
  readonly cut?: Cut;
  /** Columns with a higher number go first when the terminal is narrow; 0 stays always. */
  readonly priority?: number;
}

const gap = "  ";

/** Lines up cells by their width on the terminal. With `columns` > 0 whole columns are dropped, then the line is cut. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Segment[])[],
  width = 0,
): readonly Line[] {
  const widths = columns.map((column, at) =>
    Math.max(widthOf(column.title), ...rows.map((row) => widthOf(row[at]?.text ?? ""))),
  );
  const shown = chooseColumns(columns, widths, width);
  const last = shown.at(-1);
  const build = (cells: readonly Segment[]): Line =>
    shown.flatMap((at): Segment[] => {
      const cell = cells[at] ?? seg("");
      const column = columns[at];
      const side = column?.align === "right" ? "right" : "left";
      const text = at === last && side === "left" ? cell.text : pad(cell.text, widths[at] ?? 0, side, column?.cut);
      return at === last ? [{ text, tone: cell.tone }] : [{ text, tone: cell.tone }, seg(gap)];
    });
  const lines = [build(columns.map((column) => seg(column.title, "dim"))), ...rows.map(build)];
  return width > 0 ? lines.map((line) => (lineWidth(line) > width ? fitLine(line, width) : line)) : lines;
}

function chooseColumns(columns: readonly Column[], widths: readonly number[], width: number): readonly number[] {
  let shown = columns.map((_, at) => at);
  const total = (): number => shown.reduce((sum, at) => sum + (widths[at] ?? 0), 0) + gap.length * (shown.length - 1);
  for (let spare = width > 0 ? columns.length : 0; spare > 0 && total() > width; spare--) {
    const worst = shown.reduce((a, b) => ((columns[b]?.priority ?? 0) >= (columns[a]?.priority ?? 0) ? b : a), 0);
    if ((columns[worst]?.priority ?? 0) === 0) break;
    shown = shown.filter((at) => at !== worst);
  }
  return shown;
}
