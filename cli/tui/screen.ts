import { glyphsFor } from "../print/glyphs.ts";
import { fitLine, lineText, paint, paintSelected, seg, type Line } from "../print/segment.ts";
import { wrapLine } from "../print/wrap-line.ts";
import type { Look } from "../context.ts";
import type { Feed } from "./feed.ts";
import { knownNames, type KnownNames } from "../../runtime/store/filter-completion.ts";
import type { FilterSetting } from "../../runtime/store/filter.ts";
import { footerLine } from "./footer.ts";
import { headerLine, tabLine } from "./header.ts";
import { layoutFor, type Layout } from "./layout.ts";
import type { Keymap } from "./keymap.ts";
import { drawHelp, drawText, paletteLines, type Overlay } from "./overlays.ts";
import { choicesFor, matchChoices } from "./palette.ts";
import type { Matches } from "./rows.ts";
import type { Subject } from "./subject.ts";
import { locate } from "./cursor.ts";
import type { ListView, Surroundings } from "./surroundings.ts";
import type { Ends, UiState } from "./ui-state.ts";
import { logsView } from "./views/logs.ts";
import { policyView } from "./views/policy.ts";
import { problemsView } from "./views/problems.ts";
import { servicesView } from "./views/services.ts";
import { tlsView } from "./views/tls.ts";
import { trafficView } from "./views/traffic.ts";
import type { Scene, View } from "./views/view.ts";

export interface ScreenInput {
  readonly feed: Feed;
  readonly ui: UiState;
  readonly matches: Matches;
  readonly look: Look;
  readonly own: boolean;
  readonly keymap: Keymap;
  /** What a filter that is being written may refer to. */
  readonly setting: FilterSetting;
  readonly now: number;
  readonly size: { readonly columns: number; readonly rows: number };
}

export interface Frame {
  /** One string per line, painted, never wider than the screen, one fewer than it has rows. */
  readonly lines: readonly string[];
  /** What the next key must know. */
  readonly world: Surroundings;
}

/** Draws everything. Pure: the same input gives the same frame. */
export function drawScreen(input: ScreenInput): Frame {
  const { size, ui, look } = input;
  const view = viewOf(input);
  const layout = layoutFor(size, view?.count ?? 0, view === undefined || view.count === 0 ? "none" : view.pane);
  if (layout.kind === "tiny") return tinyFrame(input, layout);
  const list: ListView = {
    count: view?.count ?? 0,
    page: Math.max(1, layout.list.height),
    keyAt: (index) => view?.keyAt(index),
    indexOf: (key) => view?.indexOf(key) ?? 0,
  };
  const place = locate(ui.places[ui.view], list);
  const detail = drawDetail(view, place.cursor, ui, layout);
  const subject = view?.subject(place.cursor);
  const known = knownNames(input.feed.state(), Object.keys(input.setting.named ?? {}));
  const overlay = drawOverlay(input, layout);
  const body =
    overlay?.lines ?? paletteOver(input, layout, subject, known) ?? bodyLines(input, view, list, place, detail, layout);
  const mark = glyphsFor(look.unicode).ellipsis;
  const painted = (line: Line): string => paint(fitLine(line, layout.columns, mark), look.color);
  const rows = rowsOf(input);
  return {
    lines: [
      painted(headerLine(input.feed.state(), layout.columns, mark, input.now)),
      painted(
        tabLine(
          ui,
          layout.columns,
          mark,
          rows === undefined
            ? undefined
            : {
                ...rows,
                shown: list.count,
                pace: input.feed.pace.sampling(input.now),
                dropped: input.feed.pace.total(),
              },
        ),
      ),
      ...body,
      painted(
        footerLine({
          ui,
          columns: layout.columns,
          own: input.own,
          hasDetailPane: layout.detail !== undefined,
          keymap: input.keymap,
          subject,
          known,
          setting: input.setting,
        }),
      ),
    ].slice(0, layout.rows),
    world: {
      list,
      detailExcess: detail.excess,
      detailPage: overlay === undefined ? detail.height : layout.rows - 3,
      overlayExcess: overlay?.excess ?? 0,
      hasDetailPane: layout.detail !== undefined,
      ends: endsOf(input.feed),
      own: input.own,
      now: input.now,
      subject,
      detailText: () => view?.detail(place.cursor)?.map((line) => lineText(line).trimEnd()) ?? [],
      known,
      findRow: (text, from, by) => findRow(view, list, text, from, by),
    },
  };
}

function drawOverlay({ ui, look, keymap }: ScreenInput, layout: Layout): Overlay | undefined {
  if (ui.mode.kind === "help") return drawHelp(layout, ui.mode.top, look, keymap);
  return ui.mode.kind === "text" ? drawText(layout, ui.mode, look) : undefined;
}

function paletteOver(
  input: ScreenInput,
  layout: Layout,
  subject: Subject | undefined,
  known: KnownNames,
): readonly string[] | undefined {
  const { mode } = input.ui;
  if (mode.kind !== "palette") return undefined;
  const choices = matchChoices(choicesFor(input.keymap, subject, known, mode.scope), mode.draft);
  return paletteLines(layout, choices, mode.at, input.look);
}

function endsOf(feed: Feed): Ends {
  return { traffic: feed.traffic.end(), tls: feed.tls.end(), logs: feed.logs.end() };
}

/** How many rows a growing view has in all, and how many came since it was paused. */
function rowsOf(input: ScreenInput): { readonly all: number; readonly fresh: number } | undefined {
  const { feed, ui } = input;
  const rows =
    ui.view === "traffic" ? feed.traffic : ui.view === "tls" ? feed.tls : ui.view === "logs" ? feed.logs : undefined;
  if (rows === undefined) return undefined;
  const paused = ui.view === "traffic" || ui.view === "tls" || ui.view === "logs" ? ui.paused?.[ui.view] : undefined;
  return { all: rows.end() - rows.first(), fresh: paused === undefined ? 0 : rows.end() - paused };
}

function viewOf(input: ScreenInput): View | undefined {
  const state = input.feed.state();
  if (state === undefined) return undefined;
  const scene: Scene = {
    feed: input.feed,
    state,
    ui: input.ui,
    glyphs: glyphsFor(input.look.unicode),
    now: input.now,
    matches: input.matches,
  };
  switch (input.ui.view) {
    case "services":
      return servicesView(scene);
    case "traffic":
      return trafficView(scene);
    case "tls":
      return tlsView(scene);
    case "policy":
      return policyView(scene);
    case "logs":
      return logsView(scene);
    case "problems":
      return problemsView(scene);
  }
}

interface DrawnDetail {
  readonly lines: readonly Line[];
  readonly height: number;
  readonly excess: number;
}

function drawDetail(view: View | undefined, cursor: number, ui: UiState, layout: Layout): DrawnDetail {
  const area = layout.detail ?? { width: layout.columns, height: layout.rows - 3 };
  if (view === undefined || (layout.detail === undefined && !ui.detailOpen))
    return { lines: [], height: area.height, excess: 0 };
  const detail = view.detail(cursor);
  if (detail === undefined) return { lines: [], height: area.height, excess: 0 };
  const lines = detail.flatMap((line) => wrapLine(line, area.width - 1));
  return { lines, height: area.height, excess: Math.max(0, lines.length - area.height) };
}

function bodyLines(
  input: ScreenInput,
  view: View | undefined,
  list: ListView,
  place: { readonly cursor: number; readonly top: number },
  detail: DrawnDetail,
  layout: Layout,
): readonly string[] {
  const { ui, look } = input;
  const glyphs = glyphsFor(look.unicode);
  const top = Math.min(ui.detailTop, detail.excess);
  const detailLine = (at: number, width: number): string =>
    paint(fitLine([seg(" "), ...(detail.lines[top + at] ?? [])], width, glyphs.ellipsis), look.color);
  if (layout.detail === undefined && ui.detailOpen) return range(detail.height, (at) => detailLine(at, layout.columns));
  const drawn = drawList(input, view, list, place, layout);
  if (layout.detail === undefined) return drawn;
  const { width, height } = layout.detail;
  if (layout.kind === "side") {
    const bar = paint([seg(` ${glyphs.bar}`, ui.pane === "detail" ? "info" : "dim")], look.color);
    return drawn.map((line, at) => `${line}${bar}${detailLine(at, width + 1)}`);
  }
  const more = detail.excess > 0 ? ` ${top + 1}-${top + height} of ${detail.lines.length} ` : "";
  const rule = glyphs.rule.repeat(Math.max(0, layout.columns - more.length - 2));
  return [
    ...drawn,
    paint([seg(`${rule}${more}${glyphs.rule.repeat(2)}`, ui.pane === "detail" ? "info" : "dim")], look.color),
    ...range(height, (at) => detailLine(at, width)),
  ];
}

function drawList(
  input: ScreenInput,
  view: View | undefined,
  list: ListView,
  place: { readonly cursor: number; readonly top: number },
  layout: Layout,
): readonly string[] {
  const { ui, look } = input;
  const { width, height } = layout.list;
  const glyphs = glyphsFor(look.unicode);
  const blank = " ".repeat(width);
  if (view === undefined || list.count === 0) {
    const words = view?.empty() ?? [[seg("waiting for the mesh", "dim")]];
    return [
      blank,
      ...range(height, (at) =>
        paint(fitLine([seg("  "), ...(words[at - 1] ?? [])], width, glyphs.ellipsis), look.color),
      ),
    ];
  }
  const drawn = view.draw(width - 2);
  const search = ui.search.toLowerCase();
  return [
    paint(fitLine([seg("  "), ...drawn.title], width, glyphs.ellipsis), look.color),
    ...range(height, (at) => {
      const index = place.top + at;
      if (index >= list.count) return blank;
      const row = drawn.row(index);
      const isCursor = index === place.cursor;
      const isFound = search !== "" && lineText(row).toLowerCase().includes(search);
      const gutter = isCursor ? `${glyphs.cursor} ` : isFound ? "* " : "  ";
      const line = fitLine([seg(gutter, isFound ? "warn" : "strong"), ...row], width, glyphs.ellipsis);
      return isCursor && ui.pane === "list" ? paintSelected(line, look.color) : paint(line, look.color);
    }),
  ];
}

function findRow(view: View | undefined, list: ListView, text: string, from: number, by: 1 | -1): number | undefined {
  if (view === undefined) return undefined;
  const drawn = view.draw(200);
  const wanted = text.toLowerCase();
  for (let index = from + by; index >= 0 && index < list.count; index += by) {
    if (lineText(drawn.row(index)).toLowerCase().includes(wanted)) return index;
  }
  return undefined;
}

function tinyFrame(input: ScreenInput, layout: Layout): Frame {
  const words = "terminal too small; --plain works";
  const list: ListView = { count: 0, page: 1, keyAt: () => undefined, indexOf: () => 0 };
  return {
    lines: [
      paint(fitLine([seg(words, "warn")], layout.columns, glyphsFor(input.look.unicode).ellipsis), input.look.color),
    ],
    world: {
      list,
      detailExcess: 0,
      detailPage: 1,
      overlayExcess: 0,
      hasDetailPane: false,
      ends: endsOf(input.feed),
      own: input.own,
      now: input.now,
      subject: undefined,
      detailText: () => [],
      known: knownNames(undefined, []),
      findRow: () => undefined,
    },
  };
}

function range(length: number, line: (at: number) => string): readonly string[] {
  return Array.from({ length: Math.max(0, length) }, (_, at) => line(at));
}
