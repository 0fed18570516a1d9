import type { Look } from "../context.ts";
import { glyphsFor } from "../print/glyphs.ts";
import { sanitize } from "../print/sanitize.ts";
import { fitLine, paint, paintSelected, seg, type Line } from "../print/segment.ts";
import { wrapLine } from "../print/wrap-line.ts";
import { pad } from "../print/width.ts";
import { filterFields } from "../../runtime/store/filter-field.ts";
import { keyLabel } from "./key-table.ts";
import type { Keymap } from "./keymap.ts";
import type { Layout } from "./layout.ts";
import type { Choice } from "./palette.ts";
import type { TextMode } from "./ui-state.ts";

/** Lines between the tabs and the last one. */
function room(layout: Layout): number {
  return Math.max(0, layout.rows - 3);
}

/** What stands instead of a view, painted. `excess`: lines that do not fit. */
export interface Overlay {
  readonly lines: readonly string[];
  readonly excess: number;
}

/** Every key, and the filter language, from their tables. */
export function drawHelp(layout: Layout, top: number, look: Look, keymap: Keymap): Overlay {
  return scrolled(layout, helpLines(keymap), top, room(layout), look);
}

/** A text under its title, with how much of it is in sight. */
export function drawText(layout: Layout, { title, lines, top }: TextMode, look: Look): Overlay {
  const glyphs = glyphsFor(look.unicode);
  const height = Math.max(1, room(layout) - 1);
  const wrapped = (lines ?? [[seg(glyphs.ellipsis, "dim")]]).flatMap((line) => wrapLine(line, layout.columns - 1));
  const text = scrolled(
    layout,
    wrapped.map((line) => [seg(" "), ...line]),
    top,
    height,
    look,
  );
  const first = Math.min(top, text.excess);
  const part = text.excess === 0 ? "" : `  ${first + 1}-${first + height} of ${wrapped.length}`;
  const head: Line = [seg(` ${sanitize(title)}`, "title"), seg(part, "dim")];
  return { ...text, lines: [paint(fitLine(head, layout.columns, glyphs.ellipsis), look.color), ...text.lines] };
}

function scrolled(layout: Layout, lines: readonly Line[], top: number, height: number, look: Look): Overlay {
  const excess = Math.max(0, lines.length - height);
  const first = Math.min(top, excess);
  return {
    excess,
    lines: Array.from({ length: height }, (_, at) =>
      paint(fitLine(lines[first + at] ?? [], layout.columns, glyphsFor(look.unicode).ellipsis), look.color),
    ),
  };
}

function helpLines(keymap: Keymap): readonly Line[] {
  const width = Math.max(...keymap.bindings.map(({ keys }) => keys.map(keyLabel).join(" ").length));
  return [
    [seg(" Keys", "strong")],
    ...keymap.bindings.map((binding): Line => [
      seg(`   ${binding.keys.map(keyLabel).join(" ").padEnd(width)}  `, "info"),
      seg(binding.help),
    ]),
    [],
    [seg(" Filter", "strong"), seg("  the same language as `meshdev events --filter`")],
    [seg("   from:web to:orders method:POST path:/api/* status:4xx verdict:denied tls:failed")],
    [seg("   a space means and, | or, ! not; quotes are literal, /re/ is a regular expression")],
    ...filterFields.map(({ name, about }): Line => [seg(`   ${`${name}:`.padEnd(10)}`, "info"), seg(about)]),
  ];
}

/** The commands that match, the chosen one marked; the list moves so that it stays in sight. */
export function paletteLines(layout: Layout, choices: readonly Choice[], at: number, look: Look): readonly string[] {
  const glyphs = glyphsFor(look.unicode);
  const height = room(layout);
  const chosen = Math.min(at, choices.length - 1);
  const first = Math.max(0, Math.min(chosen - Math.floor(height / 2), choices.length - height));
  const keyWidth = choices.some(({ key }) => key !== "") ? 8 : 0;
  const width = Math.min(
    Math.floor(layout.columns / 2),
    Math.max(12, ...choices.map(({ name }) => sanitize(name).length)),
  );
  return Array.from({ length: height }, (_, row) => {
    const choice = choices[first + row];
    if (choice === undefined) {
      const words = choices.length === 0 && row === 0 ? [seg("   no command like that", "warn")] : [];
      return paint(fitLine(words, layout.columns, glyphs.ellipsis), look.color);
    }
    const isChosen = first + row === chosen;
    const line = fitLine(
      [
        seg(` ${isChosen ? glyphs.cursor : " "} `, "strong"),
        seg(pad(choice.key, keyWidth, "left", "end", glyphs.ellipsis), "info"),
        seg(pad(sanitize(choice.name), width, "left", "end", glyphs.ellipsis), "strong"),
        seg(`  ${sanitize(choice.help)}`, "dim"),
      ],
      layout.columns,
      glyphs.ellipsis,
    );
    return isChosen ? paintSelected(line, look.color) : paint(line, look.color);
  });
}
