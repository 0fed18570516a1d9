import { didYouMean } from "../suggestion.ts";
import type { Draft } from "./draft.ts";

/** Reports a key that nobody knows, with the one that is meant. */
export function unknownKey(from: string, name: string, known: readonly string[], draft: Draft): void {
  const meant = didYouMean(name, known);
  draft.problem(
    from,
    {
      code: "MD1002",
      message: `unknown key ${from}`,
      hint: meant === undefined ? "Compose has no such key; keys of your own begin with x-" : `${name}: ${meant}`,
    },
    "key",
  );
}
