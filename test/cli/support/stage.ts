import { builtInFilters } from "../../../runtime/store/filter.ts";
import { createKeymap } from "../../../cli/tui/keymap.ts";
import { stripVTControlCharacters } from "node:util";
import { createController, type Controller, type Effects, type Leaving } from "../../../cli/tui/controller.ts";
import { createFeed, type Feed } from "../../../cli/tui/feed.ts";
import { meshState, minute, startedAt, stateLine, streamed } from "./synthetic.ts";

/** A screen without a terminal: keys in, frames out. */
export interface Stage {
  readonly feed: Feed;
  readonly controller: Controller;
  readonly left: Leaving[];
  readonly restarted: string[];
  readonly type: (...keys: string[]) => void;
  readonly show: () => string;
}

export function stage(
  size: { readonly columns: number; readonly rows: number },
  setting: {
    readonly own?: boolean;
    readonly filter?: string;
    readonly unicode?: boolean;
    readonly color?: boolean;
    readonly text?: Effects["text"];
    /** Milliseconds since the epoch. */
    readonly now?: () => number;
  } = {},
): Stage {
  const now = setting.now ?? ((): number => Date.parse(startedAt));
  const feed = createFeed(now);
  const left: Leaving[] = [];
  const restarted: string[] = [];
  const look = {
    color: setting.color === true ? ("dark" as const) : ("none" as const),
    unicode: setting.unicode ?? true,
    columns: size.columns,
  };
  const controller = createController(
    feed,
    { look, own: setting.own ?? true, filter: setting.filter ?? "", keymap: createKeymap(), now },
    {
      leave: (how) => left.push(how),
      restart: (service) => {
        restarted.push(service);
        return Promise.resolve("done");
      },
      redraw: () => undefined,
      repaint: () => undefined,
      suspend: () => undefined,
      edit: () => Promise.resolve({ words: "", changed: false }),
      replay: () => Promise.resolve({ ok: false, code: "MD7011", message: "no mesh here" } as const),
      copy: () => Promise.resolve("copied"),
      text: setting.text ?? (() => ({ title: "meshdev why", lines: Promise.resolve([]) })),
      saveFilter: () => "",
      namedFilters: () => builtInFilters,
    },
  );
  const show = (): string =>
    controller
      .draw(size)
      .lines.map((line) => stripVTControlCharacters(line).trimEnd())
      .join("\n");
  show();
  return {
    feed,
    controller,
    left,
    restarted,
    show,
    type: (...keys) => {
      for (const key of keys) {
        show();
        controller.press(key);
      }
    },
  };
}

export function play(feed: Feed, events = minute(), state = meshState()): void {
  for (const line of [stateLine(state), ...streamed(events)]) feed.apply(line);
}
