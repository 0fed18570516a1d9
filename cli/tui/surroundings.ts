import type { KnownNames } from "../../runtime/store/filter-completion.ts";
import type { Subject } from "./subject.ts";
import type { Ends } from "./ui-state.ts";

/** A list as the cursor sees it. */
export interface ListView {
  readonly count: number;
  /** Lines of it on the screen. */
  readonly page: number;
  readonly keyAt: (index: number) => number | undefined;
  /** Index of the row with this key, or of the nearest that is still there. */
  readonly indexOf: (key: number) => number;
}

/** What `step` must know of the world, and cannot change. */
export interface Surroundings {
  readonly list: ListView;
  /** Lines of the detail that do not fit. */
  readonly detailExcess: number;
  readonly detailPage: number;
  /** Lines of the help or of a text that do not fit, while it is open. */
  readonly overlayExcess: number;
  /** The detail is visible beside the list. */
  readonly hasDetailPane: boolean;
  readonly ends: Ends;
  /** Whether leaving stops the mesh. */
  readonly own: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What the row under the cursor is about. */
  readonly subject: Subject | undefined;
  /** The detail of that row as text. */
  readonly detailText: () => readonly string[];
  /** Names that can be completed. */
  readonly known: KnownNames;
  /** Index of the next row that was searched for, from the cursor in this direction. */
  readonly findRow: (text: string, from: number, by: 1 | -1) => number | undefined;
}
