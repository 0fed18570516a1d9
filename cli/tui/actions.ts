import type { TextName } from "./text-page.ts";
import type { ViewName } from "./ui-state.ts";

/** What a key or a command of the palette asks for. */
export type Action =
  | { readonly kind: "view"; readonly view: ViewName }
  | { readonly kind: "move"; readonly by: number }
  | { readonly kind: "page"; readonly by: number }
  | { readonly kind: "edge"; readonly to: "first" | "last" }
  | { readonly kind: "found"; readonly by: 1 | -1 }
  | { readonly kind: "say"; readonly text: string }
  /** Replaces the filter. */
  | { readonly kind: "set-filter"; readonly text: string }
  | { readonly kind: "save-filter"; readonly name: string }
  | { readonly kind: "copy"; readonly what: CopyKind }
  /** Opens a text about the row. */
  | { readonly kind: "text"; readonly name: TextName }
  | EditAction
  | { readonly kind: SimpleAction };

export type SimpleAction =
  | "open"
  | "back"
  | "pane"
  | "pause"
  | "yaml"
  | "replay"
  | "follow"
  | "copy-menu"
  | "palette"
  | "mark"
  | "since-mark"
  | "restart"
  | "filter"
  | "refusals"
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

/** On the line where something is written: a filter, a search, a command. */
export type EditAction =
  | { readonly kind: "edit"; readonly text: string }
  | { readonly kind: "accept" }
  | { readonly kind: "cancel" }
  | { readonly kind: "erase" }
  | { readonly kind: "clear" }
  /** Tab: what the text so far can only mean. */
  | { readonly kind: "complete" }
  /** Up and down in a list of choices. */
  | { readonly kind: "choose"; readonly by: number };

/** What `y` and the menu of `Y` put on the clipboard. */
export const copyKinds = ["text", "row", "curl", "json", "command"] as const;
export type CopyKind = (typeof copyKinds)[number];
