import { classes, CONTROL, NAME } from "./characters.ts";
import type { Fields } from "./fields.ts";

export interface HeadLimits {
  /** Bytes of a head from its first line to its empty line (spec traffic 5.3.4). */
  readonly maxBytes: number;
  readonly maxHeaders: number;
}

export const defaultLimits: HeadLimits = { maxBytes: 60 * 1024, maxHeaders: 100 };

type ScanFault = "codec" | "characters" | "headersTooLarge" | "tooManyHeaders";

/** The lines of a head, not yet understood. */
export interface ScannedHead {
  readonly kind: "lines";
  /** Range of the first line without its end. */
  readonly lineStart: number;
  readonly lineEnd: number;
  readonly fields: Fields;
  /** Every header line reads `name: value CRLF` already. */
  readonly canonical: boolean;
  /** First byte after the head. */
  readonly next: number;
}

export type ScanResult =
  | ScannedHead
  /** `from`: bytes before it are blank lines and will never be needed again. */
  | { readonly kind: "incomplete"; readonly from: number }
  /** `from`: where the first line begins. */
  | { readonly kind: "fault"; readonly fault: ScanFault; readonly from: number };

const LF = 10;
const CR = 13;

/**
 * Splits a head into lines and headers in one pass over the bytes. Accepts what Envoy accepts (bare LF, folded lines, blanks
 * around values) and says so by `canonical: false`; a CR that no LF follows is always refused.
 */
export function scanHead(bytes: Buffer, from: number, limits: HeadLimits): ScanResult {
  const end = bytes.length;
  const lineStart = skipBlankLines(bytes, from);
  const firstLf = bytes.indexOf(LF, lineStart);
  if (firstLf === -1) return incomplete(lineStart, end, limits);
  const lineEnd = firstLf > lineStart && bytes[firstLf - 1] === CR ? firstLf - 1 : firstLf;

  const fields: number[] = [];
  let canonical = true;
  let count = 0;
  let pos = firstLf + 1;
  for (;;) {
    if (pos - lineStart > limits.maxBytes) return fault("headersTooLarge", lineStart);
    if (pos >= end) break;
    const head = bytes[pos] ?? 0;
    if (head === LF || head === CR) {
      if (head === CR && pos + 1 >= end) break;
      if (head === CR && bytes[pos + 1] !== LF) return fault("codec", lineStart);
      const next = pos + (head === CR ? 2 : 1);
      if (next - lineStart > limits.maxBytes) return fault("headersTooLarge", lineStart);
      if (count > limits.maxHeaders) return fault("tooManyHeaders", lineStart);
      return { kind: "lines", lineStart, lineEnd, fields, canonical, next };
    }

    const folded = head === 32 || head === 9;
    let colon = pos;
    if (folded) {
      if (count === 0) return fault("codec", lineStart);
      canonical = false;
    } else {
      for (; colon < end; colon += 1) {
        const kind = classes[bytes[colon] ?? 0] ?? 0;
        if ((kind & NAME) !== 0) continue;
        if (bytes[colon] === 0x3a) break;
        return fault((kind & CONTROL) !== 0 ? "characters" : "codec", lineStart);
      }
      if (colon >= end) break;
      if (colon === pos) return fault("codec", lineStart);
    }

    let valueStart = folded ? pos : colon + 1;
    while (valueStart < end && (bytes[valueStart] === 32 || bytes[valueStart] === 9)) valueStart += 1;
    let valueEnd = valueStart;
    while (valueEnd < end && isValue(bytes[valueEnd] ?? 0)) valueEnd += 1;
    if (valueEnd >= end) break;
    const stop = bytes[valueEnd] ?? 0;
    if (stop !== CR && stop !== LF) return fault("characters", lineStart);
    if (stop === CR && valueEnd + 1 >= end) break;
    if (stop === CR && bytes[valueEnd + 1] !== LF) return fault("codec", lineStart);
    const next = valueEnd + (stop === CR ? 2 : 1);
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === 32 || bytes[valueEnd - 1] === 9)) valueEnd -= 1;

    if (folded) {
      if (count <= limits.maxHeaders) fields[fields.length - 1] = valueEnd;
    } else {
      count += 1;
      if (count <= limits.maxHeaders) fields.push(pos, colon, valueStart, valueEnd);
      // A blank and a bare LF are two bytes too.
      if (valueStart !== colon + 2 || bytes[colon + 1] !== 32 || next !== valueEnd + 2 || stop !== CR)
        canonical = false;
    }
    pos = next;
  }
  return incomplete(lineStart, end, limits);
}

function fault(name: ScanFault, from: number): ScanResult {
  return { kind: "fault", fault: name, from };
}

function incomplete(from: number, end: number, limits: HeadLimits): ScanResult {
  return end - from > limits.maxBytes ? fault("headersTooLarge", from) : { kind: "incomplete", from };
}

/** Bytes that may stand in a value: compared, not looked up, because most of a head is values. */
function isValue(byte: number): boolean {
  return byte >= 32 ? byte !== 127 : byte === 9;
}

/** Empty lines before a start line are allowed (RFC 9112 §2.2) and mean nothing. */
function skipBlankLines(bytes: Buffer, from: number): number {
  let pos = from;
  for (;;) {
    if (bytes[pos] === LF) pos += 1;
    else if (bytes[pos] === CR && bytes[pos + 1] === LF) pos += 2;
    else return pos;
  }
}
