import { sanitize } from "../print/sanitize.ts";
import { lineWidth, seg, type Line, type Segment } from "../print/segment.ts";
import type { FilterSetting } from "../../runtime/store/filter.ts";
import type { KnownNames } from "../../runtime/store/filter-completion.ts";
import type { Keymap } from "./keymap.ts";
import type { KeyBinding } from "./key-table.ts";
import { filterPrompt } from "./prompt.ts";
import { has, type Subject } from "./subject.ts";
import type { UiState } from "./ui-state.ts";

export interface FooterInput {
  readonly ui: UiState;
  readonly columns: number;
  readonly own: boolean;
  readonly hasDetailPane: boolean;
  readonly keymap: Keymap;
  readonly subject: Subject | undefined;
  readonly known: KnownNames;
  readonly setting: FilterSetting;
}

/** The last line: what is being typed, what was said, or the keys that make sense here. */
export function footerLine(input: FooterInput): Line {
  const { ui } = input;
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
    case "palette":
      return [
        seg(ui.mode.scope === "copy" ? " copy as: " : " :", "info"),
        seg(`${sanitize(ui.mode.draft)}_`),
        seg("  Up, Down and Enter choose, Esc leaves", "dim"),
      ];
    case "filter":
      return filterPrompt(ui.mode.draft, input.columns, input.setting, input.known);
    case "help":
      return [seg(" Esc closes this help", "dim")];
    case "text":
      return ui.message === undefined
        ? [seg(" Esc closes this text", "dim")]
        : [seg(` ${sanitize(ui.message)}`, "warn")];
    case "normal":
      return ui.message === undefined ? keyLine(input) : [seg(` ${sanitize(ui.message)}`, "warn")];
  }
}

/** Never left out, however narrow the screen. */
const always: ReadonlySet<string> = new Set(["help", "quit"]);

function keyLine(input: FooterInput): Line {
  const shown = input.keymap.bindings.filter((binding) => stands(binding, input));
  const parts = shown.map((binding) => ({ binding, part: keyPart(binding, input) }));
  const width = (each: (typeof parts)[number]): number => lineWidth(each.part) + 2;
  let room =
    input.columns +
    1 -
    parts.filter(({ binding }) => always.has(binding.name)).reduce((sum, each) => sum + width(each), 0);
  const fitting = parts.filter((each) => {
    if (always.has(each.binding.name)) return true;
    if (room < width(each)) {
      // No later, shorter one jumps the queue.
      room = 0;
      return false;
    }
    room -= width(each);
    return true;
  });
  return fitting.flatMap(({ part }, at): Line => [seg(at === 0 ? " " : "  "), ...part]);
}

function stands({ name, footer, needs, keys }: KeyBinding, { ui, hasDetailPane, subject }: FooterInput): boolean {
  if (keys.length === 0 || (footer !== "all" && footer?.includes(ui.view) !== true)) return false;
  if (name === "pane") return hasDetailPane;
  return needs === undefined || has(subject, needs);
}

function keyPart(binding: KeyBinding, input: FooterInput): readonly Segment[] {
  const { keymap, ui } = input;
  const isBack = binding.name === "open" && ui.pane === "detail";
  const key = keymap.keyOf(isBack ? "back" : binding.name);
  return [seg(key, "strong"), seg(` ${isBack ? "back" : labelNow(binding, input)}`, "dim")];
}

/** Labels say what the key will do now. */
function labelNow({ name, label }: KeyBinding, { ui, own }: FooterInput): string {
  if (name === "pause") return ui.paused === undefined ? "pause" : "resume";
  if (name === "quit") return own ? "stop" : "leave";
  if (name === "pane") return ui.pane === "list" ? "detail" : "list";
  return label;
}
