import { completeFilter } from "../../runtime/store/filter-completion.ts";
import type { EditAction } from "./actions.ts";
import { jump } from "./cursor.ts";
import type { Surroundings } from "./surroundings.ts";
import { setFilter, type UiState } from "./ui-state.ts";

/** One key on the line where a filter, a search or a command is written. */
export function write(ui: UiState, action: EditAction, world: Surroundings): UiState {
  const { mode } = ui;
  if (mode.kind !== "filter" && mode.kind !== "search" && mode.kind !== "palette")
    return { ...ui, mode: { kind: "normal" } };
  const redraft = (draft: string): UiState => ({
    ...ui,
    mode: mode.kind === "palette" ? { ...mode, draft, at: 0 } : { ...mode, draft },
  });
  switch (action.kind) {
    case "edit":
      return redraft(mode.draft + action.text);
    case "erase":
      return redraft(Array.from(mode.draft).slice(0, -1).join(""));
    case "clear":
      return redraft("");
    case "complete":
      return mode.kind === "search" ? ui : redraft(completed(mode.draft, mode.kind, world));
    case "choose":
      return mode.kind === "palette" ? { ...ui, mode: { ...mode, at: Math.max(0, mode.at + action.by) } } : ui;
    case "cancel":
      return { ...ui, mode: { kind: "normal" } };
    case "accept":
      // What a command does is decided by whoever knows the commands.
      if (mode.kind === "palette") return { ...ui, mode: { kind: "normal" } };
      if (mode.kind === "filter") return setFilter({ ...ui, mode: { kind: "normal" } }, mode.draft.trim(), world.now);
      return jump({ ...ui, mode: { kind: "normal" }, search: mode.draft }, mode.draft, -1, world);
  }
}

/** The draft as far as it can be continued in one way only; behind `filter ` in the palette too. */
function completed(draft: string, kind: "filter" | "palette", world: Surroundings): string {
  const before = kind === "palette" ? (/^\s*filter\s+/.exec(draft)?.[0] ?? draft) : "";
  const text = draft.slice(before.length);
  if (kind === "palette" && before === draft && !draft.endsWith(" ")) return draft;
  const { from, candidates } = completeFilter(text, world.known);
  const common = commonStart(candidates);
  if (common.length < text.length - from) return draft;
  const isWhole = candidates.length === 1 && !common.endsWith(":");
  return `${before}${text.slice(0, from)}${common}${isWhole ? " " : ""}`;
}

function commonStart(texts: readonly string[]): string {
  const [first = "", ...others] = texts;
  let length = first.length;
  for (const other of others) {
    while (!other.toLowerCase().startsWith(first.slice(0, length).toLowerCase())) length--;
  }
  return first.slice(0, length);
}
