/** Where things stand on a screen of this size. Pure arithmetic; the frame is always one row lower than the terminal. */
export interface Layout {
  readonly kind: "tiny" | "list" | "stacked" | "side";
  readonly columns: number;
  /** Lines of the frame: terminal rows minus one, or Ink would clear the screen for every frame. */
  readonly rows: number;
  readonly list: { readonly width: number; readonly height: number };
  /** Undefined: the detail takes the list's place when it is opened. */
  readonly detail: { readonly width: number; readonly height: number } | undefined;
}

/** Header, tabs and the last line. */
const furniture = 3;

/**
 * @param rowCount rows that the list has, so that a short list leaves its room to the detail.
 * @param pane where details stand if there is room: lists with many columns have them below at any width.
 */
export function layoutFor(
  size: { readonly columns: number; readonly rows: number },
  rowCount: number,
  pane: "beside" | "below" | "none",
): Layout {
  const { columns } = size;
  const rows = Math.max(1, size.rows - 1);
  const body = rows - furniture;
  if (columns < 40 || size.rows < 8)
    return { kind: "tiny", columns, rows, list: { width: columns, height: 0 }, detail: undefined };
  if (columns < 80 || size.rows < 20 || pane === "none") {
    return { kind: "list", columns, rows, list: { width: columns, height: body - 1 }, detail: undefined };
  }
  if (columns < 120 || pane === "below") {
    const wanted = Math.min(Math.ceil(body * 0.45), Math.max(rowCount, 4) + 1);
    return {
      kind: "stacked",
      columns,
      rows,
      list: { width: columns, height: wanted - 1 },
      detail: { width: columns, height: body - wanted - 1 },
    };
  }
  const listWidth = Math.max(72, Math.floor((columns - 3) * 0.52));
  return {
    kind: "side",
    columns,
    rows,
    list: { width: listWidth, height: body - 1 },
    detail: { width: columns - 3 - listWidth, height: body },
  };
}
