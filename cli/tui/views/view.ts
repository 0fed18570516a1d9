import type { MeshState } from "../../../runtime/model/state.ts";
import type { Glyphs } from "../../print/glyphs.ts";
import type { Line } from "../../print/segment.ts";
import type { ListColumn } from "../columns.ts";
import type { Feed } from "../feed.ts";
import type { Matches } from "../rows.ts";
import type { Subject } from "../subject.ts";
import type { UiState } from "../ui-state.ts";

/** What a view is drawn from. */
export interface Scene {
  readonly feed: Feed;
  readonly state: MeshState;
  readonly ui: UiState;
  readonly glyphs: Glyphs;
  /** Milliseconds since the epoch, when the frame began. */
  readonly now: number;
  /** Rows of a growing list that pass the filter, the pause and Ctrl-L. */
  readonly matches: Matches;
}

export type Pane = "beside" | "below" | "none";

/** A view as data: a list with one line a row, and a detail of the row under the cursor. */
export interface View {
  readonly count: number;
  readonly keyAt: (index: number) => number | undefined;
  readonly indexOf: (key: number) => number;
  readonly draw: (width: number) => { readonly title: Line; readonly row: (index: number) => Line };
  readonly detail: (index: number) => readonly Line[] | undefined;
  /** What the row is about, for whatever acts on it. */
  readonly subject: (index: number) => Subject | undefined;
  /** Where the detail stands on a wide screen; none: it takes the list's place when it is opened. */
  readonly pane: Pane;
  /** Instead of rows, when there are none. */
  readonly empty: () => readonly Line[];
}

/** A view over a short list that is replaced as a whole: keys are positions. */
export function listView<T>(
  rows: readonly T[],
  columns: readonly ListColumn<T>[],
  draw: (columns: readonly ListColumn<T>[], width: number) => { readonly title: Line; readonly row: (row: T) => Line },
  rest: {
    readonly detail: (row: T) => readonly Line[];
    readonly subject: (row: T) => Subject;
    readonly pane: Pane;
    readonly empty: () => readonly Line[];
  },
): View {
  return {
    count: rows.length,
    keyAt: (index) => (index < rows.length ? index : undefined),
    indexOf: (key) => key,
    draw: (width) => {
      const drawn = draw(columns, width);
      return {
        title: drawn.title,
        row: (index) => {
          const row = rows[index];
          return row === undefined ? [] : drawn.row(row);
        },
      };
    },
    detail: (index) => {
      const row = rows[index];
      return row === undefined ? undefined : rest.detail(row);
    },
    subject: (index) => {
      const row = rows[index];
      return row === undefined ? undefined : rest.subject(row);
    },
    pane: rest.pane,
    empty: rest.empty,
  };
}
