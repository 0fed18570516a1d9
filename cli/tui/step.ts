import { clockTime } from "../print/event-line.ts";
import type { Action } from "./actions.ts";
import { clamp, goTo, hold, jump, locate } from "./cursor.ts";
import type { Surroundings } from "./surroundings.ts";
import { noEnds, setFilter, tailing, type UiState } from "./ui-state.ts";
import { write } from "./writing.ts";

/** Whoever does something with a row wants it to stay under the cursor, whatever comes meanwhile. */
const held: ReadonlySet<Action["kind"]> = new Set([
  "open",
  "text",
  "pane",
  "yaml",
  "replay",
  "copy",
  "copy-menu",
  "palette",
]);

/** The name of a filter that is always there. */
const refusals = "@denials";

/** The next choice of the person at the keyboard. Effects (leaving, restarting) are decided by the caller from the action itself. */
export function step(before: UiState, action: Action, world: Surroundings): UiState {
  const calm: UiState = { ...before, message: undefined, interrupted: false };
  const ui = held.has(action.kind) ? hold(calm, world) : calm;
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
    case "refusals": {
      const isOn = ui.filterOn && ui.filter === refusals;
      return { ...setFilter(ui, isOn ? "" : refusals, world.now), view: "traffic" };
    }
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
    case "mark":
      return {
        ...ui,
        mark: { at: world.now, ends: world.ends },
        message: `marked ${clockTime(new Date(world.now).toISOString())}; M shows only what comes after it`,
      };
    case "since-mark":
      return sinceMark(ui);
    case "set-filter":
      return { ...setFilter(ui, action.text, world.now), view: tailing.has(ui.view) ? ui.view : "traffic" };
    case "palette":
    case "copy-menu":
      return {
        ...ui,
        mode: { kind: "palette", draft: "", at: 0, scope: action.kind === "palette" ? "all" : "copy" },
      };
    case "edit":
    case "erase":
    case "clear":
    case "accept":
    case "cancel":
    case "complete":
    case "choose":
      return write(ui, action, world);
    case "say":
      return { ...ui, message: action.text };
    case "yes":
    case "no":
    case "detach":
      return { ...ui, mode: { kind: "normal" } };
    case "restart":
    case "redraw":
    case "suspend":
    case "yaml":
    case "replay":
    case "follow":
    case "copy":
    case "text":
    case "save-filter":
      return ui;
  }
}

function sinceMark(ui: UiState): UiState {
  if (ui.mark === undefined) return { ...ui, message: "nothing is marked; m marks this moment" };
  if (ui.from === ui.mark.ends) return { ...ui, from: noEnds, message: "showing everything again" };
  return { ...ui, from: ui.mark.ends, message: "showing what came since the mark; M shows everything again" };
}

function interruptWords(own: boolean): string {
  return own ? "Ctrl-C again stops the mesh and leaves" : "Ctrl-C again leaves; the mesh keeps running";
}

function isScrolling(ui: UiState): boolean {
  return ui.pane === "detail" || ui.mode.kind === "help" || ui.mode.kind === "text";
}

function move(ui: UiState, by: number, world: Surroundings): UiState {
  if (ui.mode.kind === "help" || ui.mode.kind === "text")
    return { ...ui, mode: { ...ui.mode, top: clamp(ui.mode.top + by, 0, world.overlayExcess) } };
  if (ui.pane === "detail") return { ...ui, detailTop: clamp(ui.detailTop + by, 0, world.detailExcess) };
  return goTo(ui, locate(ui.places[ui.view], world.list).cursor + by, world);
}

function goBack(ui: UiState): UiState {
  if (ui.pane === "detail" || ui.detailOpen) return { ...ui, pane: "list", detailOpen: false };
  if (ui.before !== undefined) {
    const { filter, filterOn, place } = ui.before;
    return { ...ui, filter, filterOn, before: undefined, places: { ...ui.places, traffic: place } };
  }
  if (ui.search !== "") return { ...ui, search: "" };
  if (ui.from !== noEnds) return { ...ui, from: noEnds };
  return ui;
}
