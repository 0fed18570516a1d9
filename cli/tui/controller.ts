import type { CommandAnswer } from "../../runtime/model/command.ts";
import type { SourcePosition } from "../../runtime/core/source.ts";
import type { MeshEvent } from "../../runtime/model/event.ts";
import { parseFilter, type FilterSetting } from "../../runtime/store/filter.ts";
import type { Look } from "../context.ts";
import { glyphsFor } from "../print/glyphs.ts";
import { sanitize } from "../print/sanitize.ts";
import { lineText, seg, type Line } from "../print/segment.ts";
import type { Action } from "./actions.ts";
import { copyText } from "./copy-text.ts";
import type { Feed } from "./feed.ts";
import { followRequest } from "./follow-request.ts";
import type { Keymap } from "./keymap.ts";
import { choicesFor, matchChoices } from "./palette.ts";
import { whenReloaded } from "./reload-words.ts";
import { whenReplayed } from "./replay-words.ts";
import { createMatches, type Matches } from "./rows.ts";
import { drawScreen, type Frame } from "./screen.ts";
import { step } from "./step.ts";
import type { Surroundings } from "./surroundings.ts";
import { placeOf, type Subject } from "./subject.ts";
import type { TextName, TextPage } from "./text-page.ts";
import { initialUi, type UiState } from "./ui-state.ts";

/** How the person left the screen. */
export type Leaving = "stop" | "detach" | "leave";

/** What the screen can do to the world outside. Answers are shown on the last line. */
export interface Effects {
  readonly leave: (how: Leaving) => void;
  readonly restart: (service: string) => Promise<string>;
  readonly redraw: () => void;
  /** Something else wrote on the terminal: every line is drawn again. */
  readonly repaint: () => void;
  readonly suspend: () => void;
  /** Opens the line in the person's editor and comes back when it ends. `changed`: the file is another than before. */
  readonly edit: (place: SourcePosition) => Promise<{ readonly words: string; readonly changed: boolean }>;
  /** Sends the request of this event again; the new exchange comes with the stream. */
  readonly replay: (id: string) => Promise<CommandAnswer>;
  readonly copy: (what: string, text: string) => Promise<string>;
  /** A text about the row under the cursor. @throws in words: the row has none */
  readonly text: (name: TextName, subject: Subject | undefined) => TextPage;
  readonly saveFilter: (name: string, text: string) => string;
  /** Filters by their names, as they are now. */
  readonly namedFilters: () => Readonly<Record<string, string>>;
}

export interface ControllerSetting {
  readonly look: Look;
  readonly own: boolean;
  readonly filter: string;
  readonly keymap: Keymap;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
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
export function createController(feed: Feed, setting: ControllerSetting, effects: Effects): Controller {
  const { keymap } = setting;
  let ui = initialUi(setting.filter, setting.now());
  let named = effects.namedFilters();
  let matches: { readonly key: string; readonly matches: Matches } | undefined;
  let world: Surroundings | undefined;
  /** How many texts were opened. */
  let opened = 0;

  function filterSetting(now: number): FilterSetting {
    return { now, mark: ui.mark?.at, named };
  }

  function currentMatches(): Matches {
    const { view, from, filter, filterOn, filterAt, mark } = ui;
    const source = view === "tls" ? "tls" : view === "logs" ? "logs" : "traffic";
    const text = filterOn ? filter : "";
    const key = JSON.stringify([source, from[source], text, text.includes("since:") ? [filterAt, mark?.at] : 0]);
    if (matches?.key === key) return matches.matches;
    const parsed = parseFilter(text, filterSetting(filterAt));
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
    const { mode } = ui;
    if (action.kind === "accept" && mode.kind === "palette") {
      choose(mode.draft, mode.at, mode.scope, world);
      return;
    }
    if (action.kind === "accept" && mode.kind === "filter" && !parseFilter(mode.draft.trim(), filterSetting(0)).ok)
      return;
    // Names may have been saved by another window meanwhile.
    if (action.kind === "filter" || action.kind === "palette") named = effects.namedFilters();
    const before = ui;
    ui = step(ui, action, world);
    perform(action, before, world);
  }

  function choose(draft: string, at: number, scope: "all" | "copy", around: Surroundings): void {
    const choices = matchChoices(choicesFor(keymap, around.subject, around.known, scope), draft);
    const choice = choices[Math.min(at, choices.length - 1)];
    ui = { ...ui, mode: { kind: "normal" } };
    if (choice === undefined) say(`there is no command "${draft}"; ${keymap.keyOf("palette")} lists all of them`);
    else act(choice.action);
  }

  function perform(action: Action, before: UiState, around: Surroundings): void {
    switch (action.kind) {
      case "interrupt":
        if (before.interrupted) effects.leave(setting.own ? "stop" : "leave");
        return;
      case "quit":
        if (!setting.own && !(before.detailOpen && !around.hasDetailPane)) effects.leave("leave");
        return;
      case "yes":
        effects.leave("stop");
        return;
      case "detach":
        effects.leave("detach");
        return;
      case "restart":
        restart();
        return;
      case "redraw":
        effects.repaint();
        return;
      case "suspend":
        effects.suspend();
        return;
      case "yaml":
        edit(around);
        return;
      case "replay":
        replay(around);
        return;
      case "follow":
        ui = followRequest(ui, feed, around);
        return;
      case "copy":
        copy(action.what, around);
        return;
      case "text":
        open(action.name, around.subject);
        return;
      case "save-filter":
        say(ui.filter === "" ? "there is no filter to save; f writes one" : effects.saveFilter(action.name, ui.filter));
        named = effects.namedFilters();
        return;
      default:
        return;
    }
  }

  /** Shows a text about a row as soon as its lines are there, unless another was opened meanwhile. */
  function open(name: TextName, subject: Subject | undefined): void {
    let page: TextPage;
    try {
      page = effects.text(name, subject);
    } catch (error) {
      sayError(error);
      return;
    }
    const { title } = page;
    opened += 1;
    const own = opened;
    const show = (lines: readonly Line[]): void => {
      if (own !== opened || ui.mode.kind !== "text") return;
      ui = { ...ui, mode: { ...ui.mode, lines } };
      effects.redraw();
    };
    ui = { ...ui, mode: { kind: "text", title, lines: undefined, top: 0 } };
    void page.lines.then(show, (error: unknown) => {
      show([[seg(sanitize(errorWords(error)), "bad")]]);
    });
  }

  function edit(around: Surroundings): void {
    const place = placeOf(around.subject);
    if (place === undefined) {
      say("no line of YAML decided this row");
      return;
    }
    const { number = 0 } = feed.state()?.generation ?? {};
    void effects.edit(place).then(({ words, changed }) => {
      say(words);
      if (changed) whenReloaded(feed, number, `${words}; `, say);
    }, sayError);
  }

  function replay(around: Surroundings): void {
    const { subject } = around;
    if (subject?.kind !== "event" || subject.event.type !== "exchange.completed") {
      say("only a request can be sent again");
      return;
    }
    const original = subject.event;
    say(`sending ${original.method} ${original.path} again`);
    void effects.replay(original.id).then((answer) => {
      if (!answer.ok) say(`${answer.code} ${answer.message}`);
      else if (answer.replay !== undefined) whenReplayed(feed, original, answer.replay, say, goToRow);
    }, sayError);
  }

  /** Puts the cursor on a row of the traffic view, where it is shown. */
  function goToRow(number: number): void {
    if (ui.view !== "traffic" || ui.mode.kind !== "normal") return;
    const { list } = world ?? {};
    const offset = list === undefined ? 0 : list.page - 1;
    ui = { ...ui, places: { ...ui.places, traffic: { key: number, offset, follow: false } }, detailTop: 0 };
  }

  function copy(what: Extract<Action, { readonly kind: "copy" }>["what"], around: Surroundings): void {
    if (ui.mode.kind === "text") {
      const { title, lines = [] } = ui.mode;
      const text = lines.map((line) => `${lineText(line).trimEnd()}\n`).join("");
      void effects.copy(title, text).then(say, sayError);
      return;
    }
    const copied =
      around.subject === undefined
        ? undefined
        : copyText(around.subject, what, {
            glyphs: glyphsFor(setting.look.unicode),
            state: feed.state(),
            handshake: feed.handshake,
            detail: around.detailText(),
          });
    if (copied === undefined) say(`this row cannot be copied as ${what}`);
    else void effects.copy(copied.what, copied.text).then(say, sayError);
  }

  function restart(): void {
    if (ui.view !== "services" || world?.subject?.kind !== "workload") {
      say("R restarts the service under the cursor of view 1");
      return;
    }
    const { service } = world.subject.workload;
    say(`restarting ${service}`);
    void effects.restart(service).then(say, sayError);
  }

  function say(text: string): void {
    ui = { ...ui, message: text };
    effects.redraw();
  }

  function sayError(error: unknown): void {
    say(errorWords(error));
  }

  return {
    press: (key) => {
      const action = keymap.actionFor(ui.mode, key);
      if (action !== undefined) act(action);
    },
    draw: (size) => {
      const now = setting.now();
      const frame = drawScreen({
        feed,
        ui,
        matches: currentMatches(),
        look: setting.look,
        own: setting.own,
        keymap,
        setting: filterSetting(now),
        now,
        size,
      });
      world = frame.world;
      return frame;
    },
    ui: () => ui,
    say,
  };
}

function errorWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
