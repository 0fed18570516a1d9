import type { Action, EditAction } from "./keys.ts";
import { noEnds, tailing, type Ends, type Place, type UiState } from "./ui-state.ts";

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
  /** Line of the detail where the decision begins. */
  readonly whyLine: number;
  /** The detail is visible beside the list. */
  readonly hasDetailPane: boolean;
  readonly ends: Ends;
  /** Whether leaving stops the mesh. */
  readonly own: boolean;
  /** Index of the next row that was searched for, from the cursor in this direction. */
  readonly findRow: (text: string, from: number, by: 1 | -1) => number | undefined;
}

/** Where the cursor and the window are: index of the cursor, index of the first row that is shown. */
export function locate(place: Place, list: ListView): { readonly cursor: number; readonly top: number } {
  const last = Math.max(0, list.count - 1);
  const cursor = place.follow ? last : clamp(place.key === undefined ? 0 : list.indexOf(place.key), 0, last);
  const offset = place.follow ? list.page - 1 : clamp(place.offset, 0, Math.max(0, list.page - 1));
  const top = clamp(cursor - offset, 0, Math.max(0, list.count - list.page));
  return { cursor, top };
}

/** The next choice of the person at the keyboard. Effects (leaving, restarting) are decided by the caller from the action itself. */
export function step(before: UiState, action: Action, world: Surroundings): UiState {
  const ui: UiState = { ...before, message: undefined, interrupted: false };
  switch (action.kind) {
    case "view":
      return ui.view === action.view ? ui : { ...ui, view: action.view, pane: "list", detailOpen: false, detailTop: 0 };
    case "move":
      return move(ui, action.by, world);
    case "page":
      return move(ui, action.by * Math.max(1, (isScrolling(ui) ? world.detailPage : world.list.page) - 1), world);
    case "edge":
      return move(ui, action.to === "first" ? -Infinity : Infinity, world);
    case "open":
      if (world.list.count === 0) return ui;
      return { ...ui, detailOpen: true, pane: "detail" };
    case "why":
      if (world.list.count === 0) return ui;
      return { ...ui, detailOpen: true, pane: "detail", detailTop: Math.min(world.whyLine, world.detailExcess) };
    case "back":
      return goBack(ui);
    case "pane":
      if (!world.hasDetailPane) return ui;
      return { ...ui, pane: ui.pane === "list" ? "detail" : "list" };
    case "pause":
      if (!tailing.has(ui.view)) return { ...ui, message: "only Traffic, TLS and Logs have a live tail" };
      return { ...ui, paused: ui.paused === undefined ? world.ends : undefined };
    case "filter":
      return { ...ui, mode: { kind: "filter", draft: ui.filter } };
    case "toggle-filter":
      return ui.filter === ""
        ? { ...ui, message: "there is no filter; f writes one" }
        : { ...ui, filterOn: !ui.filterOn };
    case "search":
      return { ...ui, mode: { kind: "search", draft: "" } };
    case "found":
      return jump(ui, ui.search, action.by, world);
    case "help":
      return { ...ui, mode: { kind: "help", top: 0 } };
    case "quit":
      if (ui.detailOpen && !world.hasDetailPane) return goBack(ui);
      return world.own ? { ...ui, mode: { kind: "quit" } } : ui;
    case "interrupt":
      return before.interrupted
        ? ui
        : { ...ui, interrupted: true, mode: { kind: "normal" }, message: interruptWords(world.own) };
    case "from-now":
      return { ...ui, from: world.ends, message: "showing what happens from now on; Esc shows everything again" };
    case "edit":
    case "erase":
    case "clear":
    case "accept":
    case "cancel":
      return edit(ui, action, world);
    case "say":
      return { ...ui, message: action.text };
    case "yes":
    case "no":
    case "detach":
      return { ...ui, mode: { kind: "normal" } };
    case "restart":
    case "redraw":
    case "suspend":
      return ui;
  }
}

function interruptWords(own: boolean): string {
  return own ? "Ctrl-C again stops the mesh and leaves" : "Ctrl-C again leaves; the mesh keeps running";
}

function isScrolling(ui: UiState): boolean {
  return ui.pane === "detail" || ui.mode.kind === "help";
}

function move(ui: UiState, by: number, world: Surroundings): UiState {
  if (ui.mode.kind === "help")
    return { ...ui, mode: { kind: "help", top: Math.max(0, Math.min(100, ui.mode.top + by)) } };
  if (ui.pane === "detail") return { ...ui, detailTop: clamp(ui.detailTop + by, 0, world.detailExcess) };
  return goTo(ui, locate(ui.places[ui.view], world.list).cursor + by, world);
}

/** Moves the cursor; at the last row of a growing list it follows. */
function goTo(ui: UiState, wanted: number, world: Surroundings): UiState {
  const { list } = world;
  if (list.count === 0) return ui;
  const place = ui.places[ui.view];
  const { cursor, top } = locate(place, list);
  const next = clamp(wanted, 0, list.count - 1);
  const offset = clamp(cursor - top + (next - cursor), 0, Math.max(0, list.page - 1));
  const follow = tailing.has(ui.view) && next === list.count - 1;
  return { ...ui, detailTop: 0, places: { ...ui.places, [ui.view]: { key: list.keyAt(next), offset, follow } } };
}

function jump(ui: UiState, text: string, by: 1 | -1, world: Surroundings): UiState {
  if (text === "") return { ...ui, message: "nothing to look for; / asks" };
  const { cursor } = locate(ui.places[ui.view], world.list);
  const found = world.findRow(text, cursor, by);
  return found === undefined ? { ...ui, message: `no other row has "${text}"` } : goTo(ui, found, world);
}

function goBack(ui: UiState): UiState {
  if (ui.pane === "detail" || ui.detailOpen) return { ...ui, pane: "list", detailOpen: false };
  if (ui.search !== "") return { ...ui, search: "" };
  if (ui.from !== noEnds) return { ...ui, from: noEnds };
  return ui;
}

function edit(ui: UiState, action: EditAction, world: Surroundings): UiState {
  const { mode } = ui;
  if (mode.kind !== "filter" && mode.kind !== "search") return { ...ui, mode: { kind: "normal" } };
  switch (action.kind) {
    case "edit":
      return { ...ui, mode: { ...mode, draft: mode.draft + action.text } };
    case "erase":
      return { ...ui, mode: { ...mode, draft: Array.from(mode.draft).slice(0, -1).join("") } };
    case "clear":
      return { ...ui, mode: { ...mode, draft: "" } };
    case "cancel":
      return { ...ui, mode: { kind: "normal" } };
    case "accept":
      if (mode.kind === "filter")
        return { ...ui, mode: { kind: "normal" }, filter: mode.draft.trim(), filterOn: mode.draft.trim() !== "" };
      return jump({ ...ui, mode: { kind: "normal" }, search: mode.draft }, mode.draft, -1, world);
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
