import type { MeshEvent } from "../../../runtime/model/event.ts";
import type { Glyphs } from "../../print/glyphs.ts";
import { seg, type Line } from "../../print/segment.ts";
import { truncate, widthOf } from "../../print/width.ts";
import { placeColumns, rowLine, titleLine, type ListColumn } from "../columns.ts";
import type { Rows } from "../rows.ts";
import type { Pane, Scene, View } from "./view.ts";

export function drawColumns<T>(
  mark: string,
): (columns: readonly ListColumn<T>[], width: number) => { readonly title: Line; readonly row: (row: T) => Line } {
  return (columns, width) => {
    const placed = placeColumns(columns, width);
    return { title: titleLine(placed, width, mark), row: (row) => rowLine(placed, row, width, mark) };
  };
}

/** A view over a growing list: keys are row numbers, so that the cursor stays on its row. */
export function growingView<T extends MeshEvent>(
  scene: Scene,
  rows: Rows<T>,
  columns: readonly ListColumn<T>[],
  rest: { readonly detail: (row: T) => readonly Line[]; readonly pane: Pane; readonly empty: () => readonly Line[] },
): View {
  const { matches } = scene;
  const rowAt = (index: number): T | undefined => {
    const number = matches.numberAt(index);
    return number === undefined ? undefined : rows.get(number);
  };
  return {
    count: matches.count(),
    keyAt: matches.numberAt,
    indexOf: matches.indexOf,
    draw: (width) => {
      const drawn = drawColumns<T>(scene.glyphs.ellipsis)(columns, width);
      return {
        title: drawn.title,
        row: (index) => {
          const row = rowAt(index);
          return row === undefined ? [] : drawn.row(row);
        },
      };
    },
    detail: (index) => {
      const row = rowAt(index);
      return row === undefined ? undefined : rest.detail(row);
    },
    subject: (index) => {
      const row = rowAt(index);
      return row === undefined ? undefined : { kind: "event", event: row };
    },
    pane: rest.pane,
    empty: rest.empty,
  };
}

/** `frontend-1 → backend-1`, each cut in the middle when there is no room. */
export function pairCell(
  from: string,
  to: string,
  { width, name, glyphs }: { readonly width: number; readonly name: number; readonly glyphs: Glyphs },
): Line {
  const arrow = ` ${glyphs.arrow} `;
  const room = Math.min(name, Math.floor((width - arrow.length) / 2));
  const first = truncate(from, room, "middle", glyphs.ellipsis);
  const second = truncate(to, width - widthOf(first) - arrow.length, "middle", glyphs.ellipsis);
  return [seg(first), seg(arrow, "dim"), seg(second)];
}

/** Width of a column of workload names: as wide as the longest needs, within reason. */
export function nameWidth(scene: Scene, limit = 24): number {
  return Math.min(
    limit,
    scene.state.workloads.reduce((longest, workload) => Math.max(longest, workload.id.length), 8),
  );
}
