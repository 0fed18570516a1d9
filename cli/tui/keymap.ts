import type { Action } from "./actions.ts";
import { bindings, keyLabel, namedKeys, type KeyBinding } from "./key-table.ts";
import type { Mode } from "./ui-state.ts";

/** The key table with the keys that this person wants. */
export interface Keymap {
  readonly bindings: readonly KeyBinding[];
  /** What a key means in a mode; undefined: nothing. `key` is a name such as `escape`, `ctrl+l`, or the character typed. */
  readonly actionFor: (mode: Mode, key: string) => Action | undefined;
  /** The key of a command as it is shown; empty when it has none. */
  readonly keyOf: (name: string) => string;
}

/** Keys by the name of their command; those that are missing keep their own. */
export type ChosenKeys = Readonly<Record<string, readonly string[]>>;

/** What can be done while a text is read. */
const inTexts: ReadonlySet<string> = new Set(["move", "page", "edge", "yaml", "copy", "text"]);

/** A key that is chosen for one command is taken from the one that had it before. */
export function createKeymap(chosen: ChosenKeys = {}): Keymap {
  const taken = new Set(Object.values(chosen).flat());
  const own = bindings.map((binding) => {
    const wanted = chosen[binding.name];
    return { ...binding, keys: wanted ?? binding.keys.filter((key) => !taken.has(key)) };
  });
  const byKey: ReadonlyMap<string, Action> = new Map(
    own.flatMap((binding) => binding.keys.map((key) => [key, binding.action])),
  );
  const normal = (key: string): Action | undefined => byKey.get(key === " " ? "space" : key);
  return {
    bindings: own,
    keyOf: (name) => keyLabel(own.find((binding) => binding.name === name)?.keys[0] ?? ""),
    actionFor: (mode, key) => {
      // Whatever is rebound: there is always a way out.
      if (key === "ctrl+c") return { kind: "interrupt" };
      switch (mode.kind) {
        case "normal":
          return normal(key);
        case "help": {
          const action = normal(key);
          if (key === "escape" || key === "return" || action?.kind === "help" || action?.kind === "quit")
            return { kind: "cancel" };
          return ["move", "page", "edge"].includes(action?.kind ?? "") ? action : undefined;
        }
        case "text": {
          const action = normal(key);
          if (key === "return" || action?.kind === "back" || action?.kind === "quit") return { kind: "cancel" };
          return inTexts.has(action?.kind ?? "") ? action : undefined;
        }
        case "quit":
          if (key === "y" || key === "q" || key === "return") return { kind: "yes" };
          return key === "d" ? { kind: "detach" } : { kind: "no" };
        case "palette":
        case "filter":
        case "search":
          return writing(mode, key);
      }
    },
  };
}

/** Keys where something is written. */
function writing(mode: Mode, key: string): Action | undefined {
  switch (key) {
    case "return":
      return { kind: "accept" };
    case "escape":
      return { kind: "cancel" };
    case "backspace":
    case "delete":
      return { kind: "erase" };
    case "ctrl+u":
      return { kind: "clear" };
    case "tab":
      return { kind: "complete" };
    case "up":
    case "down":
      return mode.kind === "palette" ? { kind: "choose", by: key === "up" ? -1 : 1 } : undefined;
    default:
      return key.length > 0 && !namedKeys.includes(key) && !key.startsWith("ctrl+")
        ? { kind: "edit", text: key }
        : undefined;
  }
}
