import type { MeshEvent } from "../../runtime/model/event.ts";
import { parseFilter } from "../../runtime/store/filter.ts";
import type { Look } from "../context.ts";
import type { Feed } from "./feed.ts";
import { actionFor, type Action } from "./keys.ts";
import { createMatches, type Matches } from "./rows.ts";
import { drawScreen, type Frame } from "./screen.ts";
import { step, type Surroundings } from "./step.ts";
import { initialUi, type UiState } from "./ui-state.ts";

/** How the person left the screen. */
export type Leaving = "stop" | "detach" | "leave";

export interface Effects {
  readonly leave: (how: Leaving) => void;
  /** Restarts a service; the answer is shown on the last line. */
  readonly restart: (service: string) => Promise<string>;
  readonly redraw: () => void;
  readonly suspend: () => void;
}

export interface Controller {
  /** Keys as `key-name.ts` names them. */
  readonly press: (key: string) => void;
  readonly draw: (size: { readonly columns: number; readonly rows: number }) => Frame;
  readonly ui: () => UiState;
  /** Puts a sentence on the last line. */
  readonly say: (text: string) => void;
}

/** Owns the choices of the person at the keyboard; keys in, frames and effects out. */
export function createController(
  feed: Feed,
  setting: { readonly look: Look; readonly own: boolean; readonly filter: string; readonly now: () => number },
  effects: Effects,
): Controller {
  let ui = initialUi(setting.filter);
  let matches: { readonly key: string; readonly matches: Matches } | undefined;
  let world: Surroundings | undefined;

  function currentMatches(): Matches {
    const { view, from, filter, filterOn } = ui;
    const source = view === "tls" ? "tls" : view === "logs" ? "logs" : "traffic";
    const key = JSON.stringify([source, from[source], filterOn ? filter : ""]);
    if (matches?.key === key) return matches.matches;
    const parsed = parseFilter(filterOn ? filter : "");
    const match = parsed.ok ? (event: MeshEvent): boolean => parsed.match(event) : (): boolean => true;
    const until = (): number => ui.paused?.[source] ?? Infinity;
    const made =
      source === "tls"
        ? createMatches(feed.tls, match, from.tls, until)
        : source === "logs"
          ? createMatches(feed.logs, match, from.logs, until)
          : createMatches(feed.traffic, match, from.traffic, until);
    matches = { key, matches: made };
    return made;
  }

  function act(action: Action): void {
    if (world === undefined) return;
    if (action.kind === "accept" && ui.mode.kind === "filter" && !parseFilter(ui.mode.draft.trim()).ok) return;
    const before = ui;
    ui = step(ui, action, world);
    if (action.kind === "interrupt" && before.interrupted) effects.leave(setting.own ? "stop" : "leave");
    else if (action.kind === "quit" && !setting.own && !(before.detailOpen && !world.hasDetailPane))
      effects.leave("leave");
    else if (action.kind === "yes") effects.leave("stop");
    else if (action.kind === "detach") effects.leave("detach");
    else if (action.kind === "restart") restart();
    else if (action.kind === "redraw") effects.redraw();
    else if (action.kind === "suspend") effects.suspend();
  }

  function restart(): void {
    if (ui.view !== "services") {
      say("R restarts the service under the cursor of view 1");
      return;
    }
    const workloads = feed.state()?.workloads ?? [];
    const workload = workloads[Math.min(ui.places.services.key ?? 0, workloads.length - 1)];
    if (workload === undefined) return;
    say(`restarting ${workload.service}`);
    void effects.restart(workload.service).then(say);
  }

  function say(text: string): void {
    ui = { ...ui, message: text };
    effects.redraw();
  }

  return {
    press: (key) => {
      const action = actionFor(ui.mode, key);
      if (action !== undefined) act(action);
    },
    draw: (size) => {
      const frame = drawScreen({
        feed,
        ui,
        matches: currentMatches(),
        look: setting.look,
        own: setting.own,
        now: setting.now(),
        size,
      });
      world = frame.world;
      return frame;
    },
    ui: () => ui,
    say,
  };
}
