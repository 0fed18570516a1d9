import { fitLine, lineWidth, seg, type Line, type Segment } from "../print/segment.ts";
import { pad, type Cut } from "../print/width.ts";

/** One column of a list whose rows take exactly one screen line. */
export interface ListColumn<T> {
  readonly title: string;
  /** Columns on the screen; "flex" takes what is left, at least `least`. */
  readonly width: number | "flex";
  readonly least?: number;
  readonly align?: "left" | "right";
  readonly cut?: Cut;
  /** The highest goes first when there is no room; 0 stays always. */
  readonly priority: number;
  readonly cell: (row: T, width: number) => Segment | Line;
}

interface Placed<T> {
  readonly column: ListColumn<T>;
  readonly width: number;
}

/** Which columns fit, and how wide each is. */
export function placeColumns<T>(columns: readonly ListColumn<T>[], width: number): readonly Placed<T>[] {
  const least = (column: ListColumn<T>): number => (column.width === "flex" ? (column.least ?? 8) : column.width);
  let shown = [...columns];
  const total = (): number => shown.reduce((sum, column) => sum + least(column), 0) + Math.max(0, shown.length - 1);
  while (total() > width) {
    const worst = shown.reduce((a, b) => (b.priority >= a.priority ? b : a));
    if (worst.priority === 0) break;
    shown = shown.filter((column) => column !== worst);
  }
  const spare = Math.max(0, width - total());
  const flexible = shown.filter((column) => column.width === "flex").length;
  const widths = shown.map((column) => least(column) + (column.width === "flex" ? Math.floor(spare / flexible) : 0));
  squeeze(widths, width - Math.max(0, shown.length - 1));
  return shown.map((column, at) => ({ column, width: widths[at] ?? 0 }));
}

/** Takes from the widest column until all fit; a verdict of eight columns is the least. */
function squeeze(widths: number[], room: number): void {
  for (let over = widths.reduce((sum, width) => sum + width, 0) - room; over > 0; over--) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= 8) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

export function titleLine<T>(placed: readonly Placed<T>[], width: number, mark: string): Line {
  const cells = placed.map(({ column, width: own }) =>
    seg(pad(column.title, own, column.align === "right" ? "right" : "left", "end", mark), "dim"),
  );
  return fitLine(join(cells), width, mark);
}

export function rowLine<T>(placed: readonly Placed<T>[], row: T, width: number, mark: string): Line {
  const cells = placed.flatMap(({ column, width: own }, at): Line => {
    const cell = column.cell(row, own);
    const gap = at === 0 ? [] : [seg(" ")];
    if ("text" in cell)
      return [
        ...gap,
        { text: pad(cell.text, own, column.align === "right" ? "right" : "left", column.cut, mark), tone: cell.tone },
      ];
    return [...gap, ...(lineWidth(cell) === own ? cell : fitLine(cell, own, mark))];
  });
  return fitLine(cells, width, mark);
}

function join(cells: readonly Segment[]): Line {
  return cells.flatMap((cell, at) => (at === 0 ? [cell] : [seg(" "), cell]));
}
