import type { Feed } from "./feed.ts";
import { locate } from "./cursor.ts";
import type { Surroundings } from "./surroundings.ts";
import { term } from "./subject.ts";
import type { UiState } from "./ui-state.ts";

/** Shows every hop of the request under the cursor, and goes to the next one; after the last comes the first. */
export function followRequest(ui: UiState, feed: Feed, world: Surroundings): UiState {
  const { subject } = world;
  const request =
    subject?.kind === "event" && subject.event.type === "exchange.completed" ? subject.event.requestId : null;
  if (request === null) return { ...ui, message: "only requests can be followed" };
  const hops = hopsOf(feed, request);
  const current = world.list.keyAt(locate(ui.places[ui.view], world.list).cursor) ?? -1;
  const next = hops[(hops.indexOf(current) + 1) % hops.length];
  if (next === undefined) return { ...ui, message: "this request is no longer kept" };
  const above = hops.filter((number) => number < next).length;
  const filter = term("request", request);
  const { filter: was, filterOn, places } = ui;
  const back = ui.before ?? { filter: was, filterOn, place: places.traffic };
  const at = hops.indexOf(next);
  const message =
    hops.length === 1
      ? "no other hop has this request id: a program must pass x-request-id on"
      : `hop ${at + 1} of ${hops.length} of one request; Esc shows the others again`;
  return {
    ...ui,
    view: "traffic",
    filter,
    filterOn: true,
    before: back,
    detailTop: 0,
    places: { ...places, traffic: { key: next, offset: above, follow: false } },
    message,
  };
}

/** Numbers of its rows, in the order in which the hops began; in the list what ended first stands first. */
function hopsOf(feed: Feed, request: string): readonly number[] {
  const { traffic } = feed;
  const hops: { readonly number: number; readonly began: number }[] = [];
  for (let number = traffic.first(); number < traffic.end(); number++) {
    const row = traffic.get(number);
    if (row?.type === "exchange.completed" && row.requestId === request)
      hops.push({ number, began: Date.parse(row.at) - row.timing.total });
  }
  return hops.toSorted((a, b) => a.began - b.began || a.number - b.number).map(({ number }) => number);
}
