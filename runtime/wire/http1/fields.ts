import { ascii, classes, commonText, equalsIgnoreCase, shortText } from "./characters.ts";
import { type Direction, isSingle } from "./names.ts";

/**
 * Headers as byte ranges, four numbers each: start and end of the name, start and end of the value. Invariant: each line
 * stands in the buffer as `name: value CRLF`, so that a writer can copy lines, and neighbours, as they are.
 */
export type Fields = readonly number[];

export interface HeaderBlock {
  readonly bytes: Buffer;
  readonly fields: Fields;
  /** Names and values in turn, one character per byte, where the headers came as text. */
  readonly texts?: HeaderTexts | undefined;
}

/** The texts of exactly these fields: of a block whose fields were changed since they say nothing. */
export interface HeaderTexts {
  readonly of: Fields;
  readonly list: readonly string[];
}

/** Numbers per header in `Fields`. */
export const stride = 4;

/** A header as text; values are decoded as UTF-8 because policies are written in it. */
export type HeaderEntry = readonly [name: string, value: string];

/** Lower-case name of the header at `at`. */
export function nameAt(block: HeaderBlock, at: number): string {
  return ascii(block.bytes, block.fields[at] ?? 0, block.fields[at + 1] ?? 0).toLowerCase();
}

function textOf(bytes: Buffer, from: number, to: number): string {
  if (to - from > shortText) return bytes.toString("utf8", from, to);
  let text = "";
  for (let i = from; i < to; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte > 0x7e) return bytes.toString("utf8", from, to);
    text += String.fromCharCode(byte);
  }
  return text;
}

function valueAt(block: HeaderBlock, at: number): string {
  return textOf(block.bytes, block.fields[at + 2] ?? 0, block.fields[at + 3] ?? 0);
}

/** Values of every line with this name, in order. `lowerName` must be lower case. */
export function headerValues(block: HeaderBlock, lowerName: string): readonly string[] {
  const { bytes, fields } = block;
  let values: string[] | undefined;
  for (let at = 0; at < fields.length; at += stride) {
    if (!equalsIgnoreCase(bytes, fields[at] ?? 0, fields[at + 1] ?? 0, lowerName)) continue;
    if (values === undefined) values = [valueAt(block, at)];
    else values.push(valueAt(block, at));
  }
  return values ?? none;
}

const none: readonly string[] = [];

/** Reads the headers of one message by their names. */
export type ReadHeader = (lowerName: string) => readonly string[];

export function headerReader(block: HeaderBlock): ReadHeader {
  return (lowerName) => headerValues(block, lowerName);
}

/** The first value, or undefined. */
export function headerValue(block: HeaderBlock, lowerName: string): string | undefined {
  const { bytes, fields } = block;
  for (let at = 0; at < fields.length; at += stride) {
    if (equalsIgnoreCase(bytes, fields[at] ?? 0, fields[at + 1] ?? 0, lowerName)) return valueAt(block, at);
  }
  return undefined;
}

export function hasHeader(block: HeaderBlock, lowerName: string): boolean {
  const { bytes, fields } = block;
  for (let at = 0; at < fields.length; at += stride) {
    if (equalsIgnoreCase(bytes, fields[at] ?? 0, fields[at + 1] ?? 0, lowerName)) return true;
  }
  return false;
}

/** All headers as text, names in lower case, in order. Builds strings: for decisions and events, not for forwarding. */
export function headerEntries(block: HeaderBlock): readonly HeaderEntry[] {
  const entries: HeaderEntry[] = [];
  for (let at = 0; at < block.fields.length; at += stride) entries.push([nameAt(block, at), valueAt(block, at)]);
  return entries;
}

/** A header as bytes in text form (one character per byte), for the slow path that rewrites a block. */
export type RawEntry = readonly [name: string, value: string];

/** Name and value with the line breaks of folded lines taken out, as Envoy does (`1 CRLF SP 2` is `1 2`). */
export function rawEntry(bytes: Buffer, scanned: Fields, at: number): RawEntry {
  const name = ascii(bytes, scanned[at] ?? 0, scanned[at + 1] ?? 0).toLowerCase();
  const value = ascii(bytes, scanned[at + 2] ?? 0, scanned[at + 3] ?? 0);
  if (!value.includes("\n")) return [name, value];
  return [name, unfolded(value)];
}

/** The value of a line that is not folded; of one that is, the same as `rawEntry` makes of it. */
export function plainValue(bytes: Buffer, from: number, to: number): string {
  const value = commonText(bytes, from, to);
  return value.includes("\n") ? unfolded(value) : value;
}

function unfolded(value: string): string {
  return trimBlanks(value.replaceAll("\r", "").replaceAll("\n", ""));
}

function trimBlanks(value: string): string {
  let [from, to] = [0, value.length];
  while (from < to && (value.charCodeAt(from) === 32 || value.charCodeAt(from) === 9)) from += 1;
  while (to > from && (value.charCodeAt(to - 1) === 32 || value.charCodeAt(to - 1) === 9)) to -= 1;
  return value.slice(from, to);
}

/** Values of repeated lines as one; empty ones leave no trace, as in Envoy. */
export function joinValues(earlier: string, value: string): string {
  return earlier === "" || value === "" ? earlier + value : `${earlier},${value}`;
}

/** A fresh block in canonical form: repeated single-valued headers are joined at the place of the first. */
export function buildBlock(entries: readonly RawEntry[], direction: Direction): HeaderBlock {
  const joined: [string, string][] = [];
  const first = new Map<string, [string, string]>();
  for (const [name, value] of entries) {
    const earlier = isSingle(name, direction) ? first.get(name) : undefined;
    if (earlier !== undefined) {
      earlier[1] = joinValues(earlier[1], value);
      continue;
    }
    const entry: [string, string] = [name, value];
    first.set(name, entry);
    joined.push(entry);
  }
  const fields: number[] = [];
  let text = "";
  for (const [name, value] of joined) {
    const nameStart = text.length;
    text += `${name}: ${value}\r\n`;
    const valueStart = nameStart + name.length + 2;
    fields.push(nameStart, nameStart + name.length, valueStart, valueStart + value.length);
  }
  return { bytes: Buffer.from(text, "latin1"), fields };
}

/** Whether two lines carry one and the same single-valued name. */
export function hasRepeatedSingle(bytes: Buffer, fields: Fields, direction: Direction): boolean {
  for (let a = stride; a < fields.length; a += stride) {
    const from = fields[a] ?? 0;
    const length = (fields[a + 1] ?? 0) - from;
    for (let b = 0; b < a; b += stride) {
      const start = fields[b] ?? 0;
      if ((fields[b + 1] ?? 0) - start !== length) continue;
      if ((((bytes[start] ?? 0) ^ (bytes[from] ?? 0)) & 0xdf) !== 0) continue;
      if ((((bytes[start + length - 1] ?? 0) ^ (bytes[from + length - 1] ?? 0)) & 0xdf) !== 0) continue;
      const name = ascii(bytes, from, from + length).toLowerCase();
      if (isSingle(name, direction) && equalsIgnoreCase(bytes, start, start + length, name)) return true;
    }
  }
  return false;
}

/** Comma separated tokens of a value, trimmed, lower case; empty ones are dropped. */
export function tokensOf(value: string): readonly string[] {
  const tokens: string[] = [];
  for (const part of value.split(",")) {
    const token = trimBlanks(part).toLowerCase();
    if (token !== "") tokens.push(token);
  }
  return tokens;
}

/** Whether the range is a decimal number without needless zeros. */
export function isCanonicalDecimal(bytes: Uint8Array, from: number, to: number): boolean {
  return to - from === 1 || bytes[from] !== 0x30;
}

/** The number in the range, or undefined when it is not all digits or too large to be exact. */
export function decimalAt(bytes: Uint8Array, from: number, to: number): number | undefined {
  if (from >= to) return undefined;
  let value = 0;
  for (let i = from; i < to; i += 1) {
    const byte = bytes[i] ?? 0;
    if (((classes[byte] ?? 0) & 32) === 0) return undefined;
    value = value * 10 + (byte - 0x30);
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return value;
}
