import type { Line } from "../print/segment.ts";

/**
 * A text over the whole body of the screen, which scrolls. `t`, a tool of the command line, appears so: the same lines as its command
 * prints. A new one needs its name here, its key in key-table.ts (`telling`), and who writes it in text-writers.ts.
 */
export interface TextPage {
  /** The command that says the same. */
  readonly title: string;
  /** Until they are there the page waits; a rejection is shown as its message. Any width: they are wrapped. */
  readonly lines: Promise<readonly Line[]>;
}

export const textNames = ["why", "suggest", "test", "diff"] as const;
export type TextName = (typeof textNames)[number];
