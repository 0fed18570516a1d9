import type { Action, SimpleAction } from "./actions.ts";
import type { TextName } from "./text-page.ts";
import { views, type ViewName } from "./ui-state.ts";

/** The one table of keys: what a key does, the footer, the help screen, the palette and docs/keys.md are all read from it. */
export interface KeyBinding {
  /** Of the command: in the palette and in keys.yaml. */
  readonly name: string;
  /** Names as `keyNames` gives them; the first is the one that is shown. One meaning per key, everywhere. */
  readonly keys: readonly string[];
  /** For the footer. */
  readonly label: string;
  readonly help: string;
  readonly action: Action;
  /** Views in whose footer it stands, when it makes sense there. */
  readonly footer?: readonly ViewName[] | "all";
  /** What the row under the cursor must have for it. */
  readonly needs?: "place" | "exchange" | "request";
}

const growing: readonly ViewName[] = ["traffic", "tls", "logs"];

const viewHelp: Readonly<Record<ViewName, string>> = {
  services: "Services: programs, sidecars, certificates",
  traffic: "Traffic: requests, connections, refused handshakes",
  tls: "TLS: every handshake",
  policy: "Policy: resources and whom they select",
  logs: "Logs of the programs",
  problems: "Problems of files and machine",
};

function simple(
  name: string,
  keys: string,
  kind: SimpleAction,
  help: string,
  rest: Pick<KeyBinding, "footer" | "needs"> & { readonly label?: string } = {},
): KeyBinding {
  const { label = name, ...more } = rest;
  return { name, keys: keys.split(" "), label, help, action: { kind }, ...more };
}

function moving(name: string, keys: string, help: string, action: Action): KeyBinding {
  return { name, keys: keys.split(" "), label: name, help, action };
}

/** A key that opens a text about the row. */
function telling(
  name: TextName,
  keys: string,
  help: string,
  rest: Pick<KeyBinding, "footer" | "needs"> = {},
): KeyBinding {
  return { name, keys: keys.split(" "), label: name, help, action: { kind: "text", name }, ...rest };
}

export const bindings: readonly KeyBinding[] = [
  ...views.map((view, at) => moving(view, String(at + 1), viewHelp[view], { kind: "view", view })),
  moving("down", "j down", "one row down", { kind: "move", by: 1 }),
  moving("up", "k up", "one row up", { kind: "move", by: -1 }),
  moving("page-down", "pagedown ctrl+f", "one page down", { kind: "page", by: 1 }),
  moving("page-up", "pageup ctrl+b", "one page up", { kind: "page", by: -1 }),
  moving("first", "g home", "first row", { kind: "edge", to: "first" }),
  moving("last", "G end", "last row, and follow what comes", { kind: "edge", to: "last" }),
  simple("open", "return right", "open", "open the detail of the row", { footer: "all" }),
  telling("why", "w", "why: the decision or the failed step of the row, as `meshdev why` tells it", {
    footer: ["traffic", "tls"],
  }),
  telling("suggest", "s", "suggest: edits that would allow the refused row, as `meshdev suggest` tells them"),
  telling("test", "t", "test: what the project's policy tests say, as `meshdev test` tells it"),
  telling("diff", "d", "diff: which calls the last save flips, as `meshdev diff` tells it"),
  simple("edit", "e", "yaml", "open the line of YAML that decided in $EDITOR, and come back", {
    footer: "all",
    needs: "place",
  }),
  simple("replay", "r", "replay", "send the request again, through the same sidecar", {
    footer: ["traffic"],
    needs: "exchange",
  }),
  simple("hops", "o", "follow", "follow the request: all its hops, the next one each time", {
    footer: ["traffic"],
    needs: "request",
  }),
  moving("copy", "y", "copy what is shown of the row", { kind: "copy", what: "text" }),
  simple("copy-as", "Y", "copy-menu", "copy as: row, curl, JSON, command"),
  simple("back", "escape left", "back", "back; clear search; show again what was put aside"),
  simple("pause", "space", "pause", "pause or resume the live tail", { footer: growing }),
  simple("refusals", "!", "refusals", "only what was refused, and everything again", {
    footer: ["traffic"],
    label: "denied",
  }),
  simple("filter", "f", "filter", "filter rows: verdict:denied from:web path:/api/*", { footer: growing }),
  simple("toggle-filter", "F", "toggle-filter", "switch the filter off and on"),
  simple("search", "/", "search", "search and jump", { footer: "all" }),
  moving("next", "n", "next row that was searched for", { kind: "found", by: 1 }),
  moving("previous", "N", "previous row that was searched for", { kind: "found", by: -1 }),
  simple("mark", "m", "mark", "mark this moment"),
  simple("since-mark", "M", "since-mark", "show only what came since the mark, and all again"),
  simple("restart", "R", "restart", "restart the service of the row", { footer: ["services"] }),
  simple("from-now", "ctrl+l", "from-now", "show only what happens from now on; nothing is lost"),
  simple("redraw", "ctrl+r", "redraw", "draw the screen again"),
  simple("suspend", "ctrl+z", "suspend", "suspend to the shell"),
  simple("pane", "tab shift+tab", "pane", "next pane: list or detail", { footer: "all" }),
  simple("palette", ":", "palette", "every command by its name", { footer: "all", label: "commands" }),
  simple("help", "?", "help", "this help", { footer: "all" }),
  simple("quit", "q", "quit", "leave; asks once before services stop", { footer: "all" }),
  simple("interrupt", "ctrl+c", "interrupt", "twice: stop and leave"),
];

const shown: Readonly<Record<string, string>> = {
  return: "Enter",
  escape: "Esc",
  space: "Space",
  tab: "Tab",
  "shift+tab": "Shift-Tab",
  backspace: "Backspace",
  delete: "Delete",
  pagedown: "PgDn",
  pageup: "PgUp",
  home: "Home",
  end: "End",
  up: "Up",
  down: "Down",
  left: "Left",
  right: "Right",
};

/** Keys with a name; all others are the character they type, or `ctrl+` and one. */
export const namedKeys: readonly string[] = Object.keys(shown);

/** As people write it: `Ctrl-L`, `PgDn`. */
export function keyLabel(key: string): string {
  if (key.startsWith("ctrl+")) return `Ctrl-${key.slice(5).toUpperCase()}`;
  return shown[key] ?? key;
}
