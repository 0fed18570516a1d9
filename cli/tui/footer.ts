import { sanitize } from "../print/sanitize.ts";
import { lineWidth, seg, type Line, type Segment } from "../print/segment.ts";
import { widthOf } from "../print/width.ts";
import { parseFilter } from "../../runtime/store/filter.ts";
import { footerKeys } from "./keys.ts";
import type { UiState } from "./ui-state.ts";

/** The last line: what is being typed, what was said, or the keys that make sense here. */
export function footerLine(ui: UiState, columns: number, own: boolean, hasDetailPane: boolean): Line {
  switch (ui.mode.kind) {
    case "quit":
      return [
        seg(" stop the services and leave?", "warn"),
        seg("  y stop"),
        seg("  d leave them running"),
        seg("  any other key stays", "dim"),
      ];
    case "search":
      return [seg(" search: ", "info"), seg(`${sanitize(ui.mode.draft)}_`)];
    case "filter":
      return filterPrompt(ui.mode.draft, columns);
    case "help":
      return [seg(" Esc closes this help", "dim")];
    case "normal":
      return ui.message === undefined
        ? keyLine(ui, columns, own, hasDetailPane)
        : [seg(` ${sanitize(ui.message)}`, "warn")];
  }
}

/** The draft with the character that is not understood marked, and why. */
function filterPrompt(draft: string, columns: number): Line {
  const parsed = parseFilter(draft);
  const label = seg(" filter: ", "info");
  if (parsed.ok) {
    const hint = draft === "" ? "verdict:denied from:web path:/api/*   Enter with nothing clears it" : "";
    return [
      label,
      seg(`${sanitize(draft)}_`),
      seg(widthOf(draft) + widthOf(hint) + 14 < columns ? `  ${hint}` : "", "dim"),
    ];
  }
  const before = sanitize(draft.slice(0, parsed.at));
  const after = sanitize(draft.slice(parsed.at));
  const meant = parsed.suggestions.length > 0 ? `, did you mean ${parsed.suggestions.join(", ")}?` : "";
  return [label, seg(before), seg(after, "bad"), seg("_"), seg(`  ${sanitize(parsed.error)}${meant}`, "bad")];
}

function keyLine(ui: UiState, columns: number, own: boolean, hasDetailPane: boolean): Line {
  const line: Segment[] = [];
  for (const { key, label } of footerKeys(ui.view)) {
    if (key === "Tab" && !hasDetailPane) continue;
    const [name, shown] =
      key === "Enter" && ui.pane === "detail" ? ["Esc", "back"] : [key, labelNow(ui, key, label, own)];
    const part = [seg(line.length === 0 ? " " : "  "), seg(name, "strong"), seg(` ${shown}`, "dim")];
    if (lineWidth([...line, ...part]) > columns) break;
    line.push(...part);
  }
  return line;
}

/** Labels say what the key will do now. */
function labelNow(ui: UiState, key: string, label: string, own: boolean): string {
  if (key === "Space") return ui.paused === undefined ? "pause" : "resume";
  if (key === "q") return own ? "stop" : "leave";
  if (key === "Tab") return ui.pane === "list" ? "detail" : "list";
  return label;
}
