import type { Mode, ViewName } from "./ui-state.ts";

/** The one table of keys: what a key does, the footer and the help screen are all read from it. One meaning per key, everywhere. */

export type Action =
  | { readonly kind: "view"; readonly view: ViewName }
  | { readonly kind: "move"; readonly by: number }
  | { readonly kind: "page"; readonly by: number }
  | { readonly kind: "edge"; readonly to: "first" | "last" }
  | EditAction
  | { readonly kind: "found"; readonly by: 1 | -1 }
  | { readonly kind: "say"; readonly text: string }
  | {
      readonly kind:
        | "open"
        | "back"
        | "pane"
        | "pause"
        | "why"
        | "restart"
        | "filter"
        | "toggle-filter"
        | "search"
        | "help"
        | "quit"
        | "interrupt"
        | "from-now"
        | "redraw"
        | "suspend"
        | "yes"
        | "no"
        | "detach";
    };

/** On the line where a filter or a search is written. */
export type EditAction =
  | { readonly kind: "edit"; readonly text: string }
  | { readonly kind: "accept" }
  | { readonly kind: "cancel" }
  | { readonly kind: "erase" }
  | { readonly kind: "clear" };

export interface KeyBinding {
  /** Names as `keyNames` gives them; the first is the one that is shown. */
  readonly keys: readonly string[];
  readonly label: string;
  readonly help: string;
  readonly action: Action;
  /** Shown in the footer when it makes sense there. */
  readonly footer?: readonly ViewName[] | "all";
}

const every = "all";

export const bindings: readonly KeyBinding[] = [
  { keys: ["1"], label: "services", help: "Services", action: { kind: "view", view: "services" } },
  {
    keys: ["2"],
    label: "traffic",
    help: "Traffic: requests, connections, refused handshakes",
    action: { kind: "view", view: "traffic" },
  },
  { keys: ["3"], label: "tls", help: "TLS: every handshake", action: { kind: "view", view: "tls" } },
  {
    keys: ["4"],
    label: "policy",
    help: "Policy: resources and whom they select",
    action: { kind: "view", view: "policy" },
  },
  { keys: ["5"], label: "logs", help: "Logs of the programs", action: { kind: "view", view: "logs" } },
  { keys: ["6"], label: "problems", help: "Problems of files and machine", action: { kind: "view", view: "problems" } },
  { keys: ["j", "down"], label: "down", help: "one row down", action: { kind: "move", by: 1 } },
  { keys: ["k", "up"], label: "up", help: "one row up", action: { kind: "move", by: -1 } },
  { keys: ["PgDn", "pagedown"], label: "page down", help: "one page down", action: { kind: "page", by: 1 } },
  { keys: ["PgUp", "pageup"], label: "page up", help: "one page up", action: { kind: "page", by: -1 } },
  { keys: ["g", "home"], label: "first", help: "first row", action: { kind: "edge", to: "first" } },
  {
    keys: ["G", "end"],
    label: "follow",
    help: "last row, and follow what comes",
    action: { kind: "edge", to: "last" },
  },
  {
    keys: ["Enter", "return", "right"],
    label: "open",
    help: "open the detail of the row",
    action: { kind: "open" },
    footer: every,
  },
  {
    keys: ["w"],
    label: "why",
    help: "why: the decision or the failed step of the row",
    action: { kind: "why" },
    footer: ["traffic", "tls"],
  },
  { keys: ["Tab", "tab"], label: "pane", help: "next pane: list or detail", action: { kind: "pane" }, footer: every },
  {
    keys: ["Esc", "escape", "left"],
    label: "back",
    help: "back; clear search; show again what Ctrl-L put aside",
    action: { kind: "back" },
  },
  {
    keys: ["Space", " "],
    label: "pause",
    help: "pause or resume the live tail",
    action: { kind: "pause" },
    footer: ["traffic", "tls", "logs"],
  },
  {
    keys: ["f"],
    label: "filter",
    help: "filter rows: verdict:denied from:web path:/api/*",
    action: { kind: "filter" },
    footer: ["traffic", "tls", "logs"],
  },
  { keys: ["F"], label: "filter on/off", help: "switch the filter off and on", action: { kind: "toggle-filter" } },
  { keys: ["/"], label: "search", help: "search and jump", action: { kind: "search" }, footer: every },
  { keys: ["n"], label: "next", help: "next row that was searched for", action: { kind: "found", by: 1 } },
  { keys: ["N"], label: "previous", help: "previous row that was searched for", action: { kind: "found", by: -1 } },
  {
    keys: ["R"],
    label: "restart",
    help: "restart the service of the row",
    action: { kind: "restart" },
    footer: ["services"],
  },
  {
    keys: ["Ctrl-L", "ctrl+l"],
    label: "from now",
    help: "show only what happens from now on; nothing is lost",
    action: { kind: "from-now" },
  },
  { keys: ["Ctrl-R", "ctrl+r"], label: "redraw", help: "draw the screen again", action: { kind: "redraw" } },
  { keys: ["Ctrl-Z", "ctrl+z"], label: "suspend", help: "suspend to the shell", action: { kind: "suspend" } },
  { keys: ["?"], label: "help", help: "this help", action: { kind: "help" }, footer: every },
  {
    keys: ["q"],
    label: "quit",
    help: "leave; asks once before services stop",
    action: { kind: "quit" },
    footer: every,
  },
  { keys: ["Ctrl-C", "ctrl+c"], label: "stop", help: "twice: stop and leave", action: { kind: "interrupt" } },
];

const byKey: ReadonlyMap<string, Action> = new Map(
  bindings.flatMap((binding) => binding.keys.map((key) => [key, binding.action])),
);

/** What a key means in a mode; undefined: nothing. `key` is a name such as `escape`, `ctrl+l`, or the character typed. */
export function actionFor(mode: Mode, key: string): Action | undefined {
  if (key === "ctrl+c") return { kind: "interrupt" };
  switch (mode.kind) {
    case "normal":
      return byKey.get(key);
    case "help":
      if (key === "?" || key === "q" || key === "escape" || key === "return") return { kind: "cancel" };
      return ["move", "page", "edge"].includes(byKey.get(key)?.kind ?? "") ? byKey.get(key) : undefined;
    case "quit":
      if (key === "y" || key === "q" || key === "return") return { kind: "yes" };
      if (key === "d") return { kind: "detach" };
      return { kind: "no" };
    case "filter":
    case "search":
      if (key === "return") return { kind: "accept" };
      if (key === "escape") return { kind: "cancel" };
      if (key === "backspace" || key === "delete") return { kind: "erase" };
      if (key === "ctrl+u") return { kind: "clear" };
      return key.length > 0 && !named.has(key) && !key.startsWith("ctrl+") ? { kind: "edit", text: key } : undefined;
  }
}

/** Names of keys that type nothing. */
const named: ReadonlySet<string> = new Set([
  "up",
  "down",
  "left",
  "right",
  "pageup",
  "pagedown",
  "home",
  "end",
  "tab",
  "shift+tab",
  "escape",
  "return",
]);

/** `Enter open  w why  …` for the last line, in the order of the table. */
export function footerKeys(view: ViewName): readonly { readonly key: string; readonly label: string }[] {
  return bindings
    .filter((binding) => binding.footer === every || binding.footer?.includes(view) === true)
    .map((binding) => ({ key: binding.keys[0] ?? "", label: binding.label }));
}
