import type { KnownNames } from "../../runtime/store/filter-completion.ts";
import { copyKinds, type Action, type CopyKind } from "./actions.ts";
import type { Keymap } from "./keymap.ts";
import { has, termsOf, type Subject } from "./subject.ts";

/** A line of the palette. */
export interface Choice {
  readonly name: string;
  readonly help: string;
  /** The key that does the same. */
  readonly key: string;
  readonly action: Action;
}

/** What only makes sense where a cursor is, not when its name is typed. */
const notOffered: ReadonlySet<string> = new Set(["palette", "open", "pane", "down", "up", "page-down", "page-up"]);

const copyHelp: Readonly<Record<CopyKind, string>> = {
  text: "everything that the detail says",
  row: "the row as one line",
  curl: "the request as a command, with the caller's identity",
  json: "the event as JSON",
  command: "the meshdev command that shows the same",
};

/** Everything that can be done now: each command of the key table, and what the row under the cursor suggests. */
export function choicesFor(
  keymap: Keymap,
  subject: Subject | undefined,
  known: KnownNames,
  scope: "all" | "copy",
): readonly Choice[] {
  const copies = copyKinds.map((what): Choice => {
    return { name: `copy ${what}`, help: copyHelp[what], key: "", action: { kind: "copy", what } };
  });
  if (scope === "copy") return copies;
  const commands = keymap.bindings
    .filter(({ name, needs }) => !notOffered.has(name) && (needs === undefined || has(subject, needs)))
    .map(({ name, help, action }): Choice => ({ name, help, key: keymap.keyOf(name), action }));
  const terms = termsOf(subject).flatMap((text): readonly Choice[] => [
    { name: `only ${text}`, help: "filter by this", key: "", action: { kind: "set-filter", text } },
    { name: `hide ${text}`, help: "exclude this", key: "", action: { kind: "set-filter", text: `!${text}` } },
  ]);
  const filters = known.filters.map((name): Choice => {
    return {
      name: `filter @${name}`,
      help: "a filter with a name",
      key: "",
      action: { kind: "set-filter", text: `@${name}` },
    };
  });
  return [...commands, ...copies, ...terms, ...filters, unfiltered];
}

const unfiltered: Choice = {
  name: "filter nothing",
  help: "show every row again",
  key: "",
  action: { kind: "set-filter", text: "" },
};

/** The choices that a draft leaves, best first: names that begin with it, then those that contain its words. */
export function matchChoices(choices: readonly Choice[], draft: string): readonly Choice[] {
  const typed = withArgument(draft);
  if (typed !== undefined) return [typed];
  const words = draft.toLowerCase().split(/\s+/).filter(Boolean);
  const whole = words.join(" ");
  const rank = ({ name, help }: Choice): number => {
    if (name === whole) return 0;
    if (name.startsWith(whole)) return 1;
    if (words.every((word) => name.includes(word))) return 2;
    return words.every((word) => `${name} ${help.toLowerCase()}`.includes(word)) ? 3 : 4;
  };
  return choices
    .map((choice, at) => ({ choice, at, rank: rank(choice) }))
    .filter((each) => each.rank < 4)
    .toSorted((a, b) => a.rank - b.rank || a.at - b.at)
    .map(({ choice }) => choice);
}

/** `filter EXPRESSION` and `save NAME`: what is typed behind the command is for it. */
function withArgument(draft: string): Choice | undefined {
  const found = /^\s*(filter|save)\s+(\S.*?)\s*$/.exec(draft);
  const [, command, text] = found ?? [];
  if (command === undefined || text === undefined) return undefined;
  if (command === "save") {
    const name = text.replace(/^@/, "");
    return {
      name: `save @${name}`,
      help: "the active filter, for this project",
      key: "",
      action: { kind: "save-filter", name },
    };
  }
  return text === "nothing"
    ? unfiltered
    : { name: `filter ${text}`, help: "show only what matches", key: "", action: { kind: "set-filter", text } };
}
