import { allOfText, NAME, VALUE } from "../http1/characters.ts";

/** Names and values in turn, as they stand in a header list; one character per byte. */
export type HeaderList = readonly string[];

/** The same as pairs. */
export type Http2Fields = readonly (readonly [name: string, value: string])[];

export function pairsOf(list: HeaderList): Http2Fields {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < list.length; at += 2) pairs.push([list[at] ?? "", list[at + 1] ?? ""]);
  return pairs;
}

/** Headers that would mean something to an HTTP/1 hop: a message that has one is malformed (RFC 9113 §8.2.2). */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** Whether a header that is no pseudo header may stand in a message: nothing here can become a line, or a frame, of its own. */
export function isFieldSafe(name: string, value: string): boolean {
  if (name === "" || !allOfText(name, NAME) || name !== name.toLowerCase()) return false;
  if (hopByHop.has(name) || (name === "te" && value.toLowerCase() !== "trailers")) return false;
  return allOfText(value, VALUE);
}

/** Blanks around a value mean nothing at the next HTTP/1 hop; so they mean nothing here. */
export function trimmed(value: string): string {
  return isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1))
    ? value.replaceAll(/^[ \t]+|[ \t]+$/g, "")
    : value;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** A content length; undefined when it is no plain number. */
export function lengthOf(value: string): number | undefined {
  if (!/^\d{1,16}$/.test(value)) return undefined;
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : undefined;
}
