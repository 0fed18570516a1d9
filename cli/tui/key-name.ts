import type { Key } from "ink";

/** A terminal so far away that its answer about colours comes when nobody waits any more: no keys. */
const lateAnswer = /^1[01];rgba?:[\da-f/]+/i;

/** Ink's keys as names of the key table; text that came in one piece (a paste, a fast hand) as single characters. */
export function keyNames(input: string, key: Key): readonly string[] {
  if (key.eventType === "release" || lateAnswer.test(input)) return [];
  if (key.escape) return ["escape"];
  if (key.return) return ["return"];
  if (key.tab) return [key.shift ? "shift+tab" : "tab"];
  if (key.backspace) return ["backspace"];
  if (key.delete) return ["delete"];
  if (key.upArrow) return ["up"];
  if (key.downArrow) return ["down"];
  if (key.leftArrow) return ["left"];
  if (key.rightArrow) return ["right"];
  if (key.pageUp) return ["pageup"];
  if (key.pageDown) return ["pagedown"];
  if (key.home) return ["home"];
  if (key.end) return ["end"];
  if (key.ctrl) return [`ctrl+${input}`];
  if (key.meta) return [];
  return Array.from(input).flatMap((character) =>
    character === "\r" || character === "\n"
      ? ["return"]
      : character < " " || character === "\u007f"
        ? []
        : [character],
  );
}
