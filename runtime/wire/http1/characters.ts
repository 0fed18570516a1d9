/** Classes of bytes for the HTTP/1 scanner; a table costs one load per byte. */
export const NAME = 1;
export const VALUE = 2;
export const TARGET = 4;
export const AUTHORITY = 8;
export const HEX = 16;
export const DIGIT = 32;
/** Control bytes that a header line must not hold: all but tab, and not CR and LF, which the scanner handles. */
export const CONTROL = 64;

function classOf(byte: number): number {
  const char = String.fromCharCode(byte);
  const digit = byte >= 0x30 && byte <= 0x39;
  const letter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
  const control = byte < 0x20 || byte === 0x7f;
  let bits = 0;
  if (digit || letter || "!#$%&'*+-.^_`|~".includes(char)) bits |= NAME;
  if (!control || byte === 9) bits |= VALUE;
  if (byte > 0x20 && byte < 0x7f) bits |= TARGET;
  if (digit || letter || "!$%&'()*+,-.:;=@[]_~".includes(char)) bits |= AUTHORITY;
  if (digit || "abcdefABCDEF".includes(char)) bits |= HEX;
  if (digit) bits |= DIGIT;
  if (control && byte !== 9 && byte !== 10 && byte !== 13) bits |= CONTROL;
  return bits;
}

export const classes: Readonly<Uint8Array> = Uint8Array.from({ length: 256 }, (_, byte) => classOf(byte));

/** Whether every byte of the range belongs to the class. */
export function allOf(bytes: Uint8Array, from: number, to: number, kind: number): boolean {
  for (let i = from; i < to; i += 1) if (((classes[bytes[i] ?? 0] ?? 0) & kind) === 0) return false;
  return true;
}

/** The same for text with one character per byte. */
export function allOfText(text: string, kind: number): boolean {
  for (let i = 0; i < text.length; i += 1) if (((classes[text.charCodeAt(i)] ?? 0) & kind) === 0) return false;
  return true;
}

/** Whether no byte of the range belongs to the class. */
export function noneOf(bytes: Uint8Array, from: number, to: number, kind: number): boolean {
  for (let i = from; i < to; i += 1) if (((classes[bytes[i] ?? 0] ?? 0) & kind) !== 0) return false;
  return true;
}

/** Blank or tab; undefined for the end of the bytes is none. */
export function isBlank(byte: number | undefined): boolean {
  return byte === 32 || byte === 9;
}

/** From this many characters on a call into C++ costs less than putting the text together here. */
export const shortText = 7;

/** ASCII text of a range. */
export function ascii(bytes: Buffer, from: number, to: number): string {
  if (to - from > shortText) return bytes.toString("latin1", from, to);
  let text = "";
  for (let i = from; i < to; i += 1) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}

/** Texts that came lately, each at a place that its bytes choose. */
const recent: string[] = Array.from({ length: 256 }, () => "");
const longestRecent = 64;

/**
 * The same for a text that messages have in common: methods, hosts, paths, names of headers. One that came lately is found again by its bytes, in a
 * fraction of the time that a new string takes.
 */
export function commonText(bytes: Buffer, from: number, to: number): string {
  if (to - from > longestRecent) return ascii(bytes, from, to);
  let hash = to - from;
  for (let i = from; i < to; i += 1) hash = (Math.imul(hash, 31) + (bytes[i] ?? 0)) | 0;
  const place = (hash ^ (hash >>> 15)) & 255;
  const known = recent[place] ?? "";
  if (isText(bytes, from, to, known)) return known;
  const text = ascii(bytes, from, to);
  recent[place] = text;
  return text;
}

function isText(bytes: Buffer, from: number, to: number, text: string): boolean {
  if (text.length !== to - from) return false;
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
}

/** Whether the range is `lower` in any letter case. `lower` must be lower case ASCII. */
export function equalsIgnoreCase(bytes: Uint8Array, from: number, to: number, lower: string): boolean {
  if (to - from !== lower.length) return false;
  for (let i = 0; i < lower.length; i += 1) {
    const byte = bytes[from + i] ?? 0;
    const folded = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (folded !== lower.charCodeAt(i)) return false;
  }
  return true;
}
