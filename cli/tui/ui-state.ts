import type { Line } from "../print/segment.ts";

/** What the person at the keyboard has chosen: one value, changed only by `step`. What happened in the mesh is in the feed. */

export const views = ["services", "traffic", "tls", "policy", "logs", "problems"] as const;
export type ViewName = (typeof views)[number];

/** Views whose lists grow at the end. */
export const tailing: ReadonlySet<ViewName> = new Set(["traffic", "tls", "logs"]);

/** A place in a list: bound to a row, not to an index, so that the row under the cursor stays where it is while others come. */
export interface Place {
  /** Row number or position; undefined: wherever the list begins (or ends, when following). */
  readonly key: number | undefined;
  /** Screen line of the cursor within the list. */
  readonly offset: number;
  /** Stick to the newest row. */
  readonly follow: boolean;
}

export type Mode =
  | { readonly kind: "normal" }
  | { readonly kind: "filter"; readonly draft: string }
  | { readonly kind: "search"; readonly draft: string }
  /** `at`: which of the choices that match the draft. */
  | { readonly kind: "palette"; readonly draft: string; readonly at: number; readonly scope: "all" | "copy" }
  | { readonly kind: "help"; readonly top: number }
  | TextMode
  | { readonly kind: "quit" };

/** A text that is read; undefined lines have not come yet. */
export interface TextMode {
  readonly kind: "text";
  readonly title: string;
  readonly lines: readonly Line[] | undefined;
  readonly top: number;
}

export interface UiState {
  readonly view: ViewName;
  readonly places: Readonly<Record<ViewName, Place>>;
  readonly mode: Mode;
  readonly pane: "list" | "detail";
  /** First line of the detail that is shown. */
  readonly detailTop: number;
  /** On small screens the detail takes the whole body. */
  readonly detailOpen: boolean;
  readonly filter: string;
  readonly filterOn: boolean;
  /** When it was written, milliseconds since the epoch: `since:5m` counts from here. */
  readonly filterAt: number;
  /** What was shown before one request was followed. */
  readonly before: { readonly filter: string; readonly filterOn: boolean; readonly place: Place } | undefined;
  /** The moment that was marked last, and where the growing lists ended then. */
  readonly mark: { readonly at: number; readonly ends: Ends } | undefined;
  readonly search: string;
  /** Ends of the growing lists when the tail was paused. */
  readonly paused: Ends | undefined;
  /** Rows before these were put aside by Ctrl-L. */
  readonly from: Ends;
  /** Said on the last line until the next key. */
  readonly message: string | undefined;
  /** Ctrl-C was pressed once. */
  readonly interrupted: boolean;
}

export type Ends = Readonly<Record<"traffic" | "tls" | "logs", number>>;

export const noEnds: Ends = { traffic: 0, tls: 0, logs: 0 };

const atStart: Place = { key: undefined, offset: 0, follow: false };
const atEnd: Place = { key: undefined, offset: 0, follow: true };

export function initialUi(filter: string, now: number): UiState {
  return {
    view: "traffic",
    places: { services: atStart, traffic: atEnd, tls: atEnd, policy: atStart, logs: atEnd, problems: atStart },
    mode: { kind: "normal" },
    pane: "list",
    detailTop: 0,
    detailOpen: false,
    filter,
    filterOn: filter !== "",
    filterAt: now,
    before: undefined,
    mark: undefined,
    search: "",
    paused: undefined,
    from: noEnds,
    message: undefined,
    interrupted: false,
  };
}

/** A new filter; an empty one shows everything. */
export function setFilter(ui: UiState, text: string, now: number): UiState {
  return { ...ui, filter: text, filterOn: text !== "", filterAt: now, before: undefined };
}
