import type { ListView, Surroundings } from "./surroundings.ts";
import { tailing, type Place, type UiState } from "./ui-state.ts";

/** Where the cursor and the window are: index of the cursor, index of the first row that is shown. */
export function locate(place: Place, list: ListView): { readonly cursor: number; readonly top: number } {
  const last = Math.max(0, list.count - 1);
  const cursor = place.follow ? last : clamp(place.key === undefined ? 0 : list.indexOf(place.key), 0, last);
  const offset = place.follow ? list.page - 1 : clamp(place.offset, 0, Math.max(0, list.page - 1));
  const top = clamp(cursor - offset, 0, Math.max(0, list.count - list.page));
  return { cursor, top };
}

/** Moves the cursor; at the last row of a growing list it follows. */
export function goTo(ui: UiState, wanted: number, world: Surroundings): UiState {
  const { list } = world;
  if (list.count === 0) return ui;
  const place = ui.places[ui.view];
  const { cursor, top } = locate(place, list);
  const next = clamp(wanted, 0, list.count - 1);
  const offset = clamp(cursor - top + (next - cursor), 0, Math.max(0, list.page - 1));
  const follow = tailing.has(ui.view) && next === list.count - 1;
  return { ...ui, detailTop: 0, places: { ...ui.places, [ui.view]: { key: list.keyAt(next), offset, follow } } };
}

/** Follows no more: the row under the cursor stays. */
export function hold(ui: UiState, { list }: Surroundings): UiState {
  const place = ui.places[ui.view];
  if (!place.follow || list.count === 0) return ui;
  const { cursor, top } = locate(place, list);
  return {
    ...ui,
    places: { ...ui.places, [ui.view]: { key: list.keyAt(cursor), offset: cursor - top, follow: false } },
  };
}

/** To the next row that has the text. */
export function jump(ui: UiState, text: string, by: 1 | -1, world: Surroundings): UiState {
  if (text === "") return { ...ui, message: "nothing to look for; / asks" };
  const { cursor } = locate(ui.places[ui.view], world.list);
  const found = world.findRow(text, cursor, by);
  return found === undefined ? { ...ui, message: `no other row has "${text}"` } : goTo(ui, found, world);
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
