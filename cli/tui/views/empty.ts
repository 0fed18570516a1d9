import { sanitize } from "../../print/sanitize.ts";
import { seg, type Line } from "../../print/segment.ts";
import type { Rows } from "../rows.ts";
import type { Scene } from "./view.ts";

/** Why a growing list shows nothing although there are rows; undefined when there are none. */
export function hiddenLines<T>(scene: Scene, rows: Rows<T>): readonly Line[] | undefined {
  const all = rows.end() - rows.first();
  if (all === 0) return undefined;
  if (scene.ui.filterOn && scene.ui.filter !== "") {
    return [
      [seg(`0 of ${all} match `, "strong"), seg(sanitize(scene.ui.filter), "info")],
      [],
      [seg("  F switches the filter off, f changes it", "dim")],
    ];
  }
  return [[seg("Nothing since you pressed Ctrl-L.", "strong")], [], [seg("  Esc shows everything again", "dim")]];
}
