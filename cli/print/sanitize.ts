import { stripVTControlCharacters } from "node:util";

/**
 * Characters that may move the cursor, hide, reorder or fake text: C0 and C1 controls, DEL, soft hyphen, zero-width and bidi marks,
 * line and paragraph separators, interlinear and tag characters, variation of nothing, lone surrogates.
 */
const unsafe =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]|\p{Surrogate}/gu;

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
