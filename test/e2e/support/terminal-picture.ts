import type { IBufferCell, Terminal } from "@xterm/headless";

/** A calm set of the sixteen colours on a dark ground. */
const palette = [
  "#4b5263",
  "#e06c75",
  "#98c379",
  "#e5c07b",
  "#61afef",
  "#c678dd",
  "#56b6c2",
  "#d7dae0",
  "#7f848e",
  "#e06c75",
  "#98c379",
  "#e5c07b",
  "#61afef",
  "#c678dd",
  "#56b6c2",
  "#ffffff",
] as const;
const ink = "#d7dae0";
const ground = "#1e2127";
/** Pixels of one cell. */
const cellWidth = 8.4;
const cellHeight = 18;
const margin = 12;

/** The screen of a terminal as SVG, drawn from the emulator's cells. */
export function drawPicture(terminal: Terminal, title: string): string {
  const { active } = terminal.buffer;
  const width = terminal.cols * cellWidth + 2 * margin;
  const height = terminal.rows * cellHeight + 2 * margin;
  const rows = Array.from({ length: terminal.rows }, (_, row) => {
    const line = active.getLine(active.viewportY + row);
    const cells = Array.from({ length: terminal.cols }, (__, column) => line?.getCell(column));
    return drawRow(cells, margin + row * cellHeight);
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<rect width="100%" height="100%" rx="6" fill="${ground}"/>`,
    `<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">`,
    ...rows.flat(),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** Each word stands at its own column, stretched to its cells: the grid holds in every font, and blanks need no keeping. */
function drawRow(cells: readonly (IBufferCell | undefined)[], y: number): readonly string[] {
  const grounds: string[] = [];
  const words: string[] = [];
  for (let from = 0; from < cells.length;) {
    const look = lookOf(cells[from]);
    let to = from + 1;
    while (to < cells.length && lookOf(cells[to]).key === look.key) to += 1;
    const x = margin + from * cellWidth;
    const wide = (to - from) * cellWidth;
    if (look.back !== undefined)
      grounds.push(
        `<rect x="${round(x)}" y="${y}" width="${round(wide)}" height="${cellHeight}" fill="${look.back}"/>`,
      );
    if (!look.isBlank) {
      const text = cells.slice(from, to).map((cell) => cell?.getChars() ?? "");
      words.push(
        `<text x="${round(x)}" y="${y + 13.5}" textLength="${round(wide)}" lengthAdjust="spacingAndGlyphs" fill="${look.fore}"${look.style}>${escaped(text.join(""))}</text>`,
      );
    }
    from = to;
  }
  return [...grounds, ...words];
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

interface CellLook {
  readonly key: string;
  readonly isBlank: boolean;
  readonly fore: string;
  readonly back: string | undefined;
  readonly style: string;
}

function lookOf(cell: IBufferCell | undefined): CellLook {
  const own = cell?.isFgPalette() === true ? (palette[cell.getFgColor()] ?? ink) : ink;
  const isInverse = cell !== undefined && cell.isInverse() !== 0;
  const fore = isInverse ? ground : own;
  const back = isInverse ? own : undefined;
  const style = `${cell?.isBold() ? ' font-weight="bold"' : ""}${cell?.isDim() ? ' opacity="0.6"' : ""}`;
  // The second cell of a wide character has none of its own.
  const isBlank = (cell?.getChars() ?? "").trim() === "" && cell?.getWidth() !== 0;
  return { key: `${fore} ${back ?? ""} ${style} ${isBlank}`, isBlank, fore, back, style };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
