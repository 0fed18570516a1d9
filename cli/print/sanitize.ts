import { stripVTControlCharacters } from "node:util";

/**
 * Characters that may move the cursor, hide, reorder or fake text: controls, format characters (bidi, zero-width, tags), line and
 * paragraph separators, lone surrogates, and whatever is not drawn at all, except the selectors that emoji carry.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?![\ufe00-\ufe0f])\p{Default_Ignorable_Code_Point}/gu;

const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escape(character: string): string {
  const short = named[character];
  if (short !== undefined) return short;
  const point = character.codePointAt(0) ?? 0;
  return point <= 0xff ? `\\x${point.toString(16).padStart(2, "0")}` : `\\u{${point.toString(16)}}`;
}

/** Text of unknown origin (paths, headers, names) on one line, with everything a terminal could obey made visible as `\x1b`. */
export function sanitize(text: string): string {
  return text.replace(unsafe, escape);
}

/** A line that a program printed: its own colours and cursor moves are dropped, tabs become spaces, the rest as `sanitize`. */
export function sanitizeLog(text: string): string {
  return sanitize(stripVTControlCharacters(text).replaceAll("\t", "    ").trimEnd());
}
