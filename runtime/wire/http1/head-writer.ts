import type { HeaderNames } from "../../model/header-edit.ts";
import { commonText, equalsIgnoreCase } from "./characters.ts";
import { stride } from "./fields.ts";

/** Heads are put together here one behind the other: a piece of memory for each would cost more than to fill it. */
const slabBytes = 16 * 1024;
/** UTF-8 bytes of one UTF-16 unit, at most. */
const unitBytes = 3;
/** Up to here a loop costs less than a call into C++. */
const shortRange = 128;

let slab = Buffer.allocUnsafeSlow(slabBytes);
let used = 0;

/** Where a message is being written. Filled from left to right by the functions below, which all return the place behind what they wrote. */
export interface Room {
  readonly out: Buffer;
  readonly from: number;
}

/** Room for so many bytes. What is taken of it is said by `take`, before anybody else asks. */
export function roomFor(bytes: number): Room {
  if (bytes > slabBytes / 4) return { out: Buffer.allocUnsafeSlow(bytes), from: 0 };
  if (used + bytes > slabBytes) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    used = 0;
  }
  return { out: slab, from: used };
}

/** The bytes written so far; they are nobody else's. */
export function take({ out, from }: Room, end: number): Buffer {
  if (out === slab) used = end;
  return out.subarray(from, end);
}

/** Bytes that a text takes at most. */
export function mostBytes(text: string): number {
  return text.length * unitBytes;
}

/** ASCII text of ours. */
export function writeText(out: Buffer, pos: number, text: string): number {
  for (let i = 0; i < text.length; i += 1) out[pos + i] = text.charCodeAt(i);
  return pos + text.length;
}

/** Any text, as UTF-8. */
export function writeUtf8(out: Buffer, pos: number, text: string): number {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0x7e) return pos + out.write(text, pos);
    out[pos + i] = code;
  }
  return pos + text.length;
}

/** Text that came from elsewhere. Nothing in it may end a line: such bytes become blanks. */
export function writeClean(out: Buffer, pos: number, text: string): number {
  const { length } = text;
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0x7e || (code < 32 && code !== 9)) return pos + out.write(cleaned(text), pos);
    out[pos + i] = code;
  }
  return pos + length;
}

function cleaned(text: string): string {
  return text.replaceAll("\r", " ").replaceAll("\n", " ").replaceAll("\0", " ");
}

export function writeLineEnd(out: Buffer, pos: number): number {
  out[pos] = 13;
  out[pos + 1] = 10;
  return pos + 2;
}

/** A header line. */
export function writeHeader(out: Buffer, pos: number, name: string, value: string): number {
  const nameEnd = writeClean(out, pos, name);
  out[nameEnd] = 0x3a;
  out[nameEnd + 1] = 32;
  return writeLineEnd(out, writeClean(out, nameEnd + 2, value));
}

export interface Lines {
  readonly bytes: Buffer;
  readonly fields: readonly number[];
}

/** Copies the header lines that stay, neighbours in one piece, with their names in lower case. `lengthGoes`: the line of the length does not. */
export function writeKept(
  out: Buffer,
  start: number,
  { bytes, fields }: Lines,
  removed: HeaderNames,
  lengthGoes: boolean,
): number {
  let pos = start;
  /** The lines from here on stay, and are not copied yet. */
  let from = -1;
  let first = 0;
  for (let at = 0; at < fields.length; at += stride) {
    const lineStart = fields[at] ?? 0;
    const goes = isDropped(bytes, lineStart, fields[at + 1] ?? 0, removed, lengthGoes);
    const before = at === 0 ? lineStart : (fields[at - 1] ?? 0) + 2;
    if (from >= 0 && (goes || before !== lineStart)) {
      pos = writeLines(out, pos, bytes, fields, first, at);
      from = -1;
    }
    if (goes || from >= 0) continue;
    from = lineStart;
    first = at;
  }
  return from < 0 ? pos : writeLines(out, pos, bytes, fields, first, fields.length);
}

/** Lines that follow one another, by their places in `fields`. */
function writeLines(
  out: Buffer,
  pos: number,
  bytes: Buffer,
  fields: readonly number[],
  first: number,
  end: number,
): number {
  const from = fields[first] ?? 0;
  const shift = pos - from;
  const next = writeBytes(out, pos, bytes, from, (fields[end - 1] ?? 0) + 2);
  for (let at = first; at < end; at += stride) {
    const nameEnd = (fields[at + 1] ?? 0) + shift;
    for (let i = (fields[at] ?? 0) + shift; i < nameEnd; i += 1) {
      const byte = out[i] ?? 0;
      if (byte >= 0x41 && byte <= 0x5a) out[i] = byte | 0x20;
    }
  }
  return next;
}

export function writeBytes(out: Buffer, pos: number, bytes: Buffer, from: number, to: number): number {
  if (to - from > shortRange) return pos + bytes.copy(out, pos, from, to);
  const shift = pos - from;
  for (let i = from; i < to; i += 1) out[i + shift] = bytes[i] ?? 0;
  return to + shift;
}

/** Bytes of all header lines, those that go included. */
export function linesBytes({ fields }: Lines): number {
  return fields.length === 0 ? 0 : linesEnd(fields) - (fields[0] ?? 0);
}

/** A header's line ends in CRLF behind its value. */
function linesEnd(fields: readonly number[]): number {
  return (fields[fields.length - 1] ?? 0) + 2;
}

function isDropped(bytes: Buffer, from: number, to: number, removed: HeaderNames, lengthGoes: boolean): boolean {
  // Of what may stand in a name only letters have two forms.
  const first = bytes[from] ?? 0;
  const lower = first >= 0x41 && first <= 0x5a ? first | 0x20 : first;
  if (lower === 0x63 && equalsIgnoreCase(bytes, from, to, "content-length")) return lengthGoes;
  return removed.mayHave(to - from, lower) && removed.has(commonText(bytes, from, to).toLowerCase());
}
