import { assertNever } from "../../core/assert-never.ts";
import { allOf, classes, CONTROL, HEX, NAME, noneOf, VALUE } from "./characters.ts";
import type { CodecError } from "./error.ts";
import { refusal } from "./error.ts";
import type { Framing } from "./semantics.ts";

/** What one piece of input held of a body. */
export interface BodyPart {
  readonly kind: "part";
  /** First byte that does not belong to this body. */
  readonly end: number;
  readonly done: boolean;
  /** Ranges of body bytes in the input, two numbers each. */
  readonly payload: readonly number[];
  /** Bytes of body in `payload`. */
  readonly size: number;
  /** The input between `from` and `end` is already what `encodeChunks` would write, whole chunks in canonical form. */
  readonly verbatim: boolean;
}

type BodyStep = BodyPart | { readonly kind: "error"; readonly error: CodecError };

/** Finds the end of one body, piece by piece. It keeps its place between calls; everything else is a function of the bytes. */
export interface BodyScanner {
  readonly framing: Framing;
  readonly scan: (bytes: Buffer, from: number) => BodyStep;
}

export function createBodyScanner(framing: Framing): BodyScanner {
  switch (framing.kind) {
    case "none":
      return { framing, scan: (_, from) => part(from, true, [], 0) };
    case "length":
      return lengthScanner(framing, framing.length);
    case "until-close":
      return { framing, scan: (bytes, from) => part(bytes.length, false, [from, bytes.length], bytes.length - from) };
    case "chunked":
      return chunkScanner(framing);
    default:
      return assertNever(framing);
  }
}

function part(end: number, done: boolean, payload: readonly number[], size: number, verbatim = false): BodyPart {
  return { kind: "part", end, done, payload: size === 0 ? [] : payload, size, verbatim };
}

function lengthScanner(framing: Framing, length: number): BodyScanner {
  let left = length;
  return {
    framing,
    scan: (bytes, from) => {
      const size = Math.min(left, bytes.length - from);
      left -= size;
      return part(from + size, left === 0, [from, from + size], size);
    },
  };
}

/** Longest chunk-size line and longest trailer section that are read. */
const maxSizeLine = 4096;
const maxTrailers = 60 * 1024;

type ChunkState = "size" | "extension" | "size-lf" | "data" | "data-cr" | "data-lf" | "trailer" | "trailer-lf" | "done";

/**
 * Chunked bodies, stricter than the RFC asks: sizes are plain hexadecimal numbers and their lines end in CRLF. Extensions
 * and trailers are checked and dropped (Envoy drops HTTP/1 trailers); trailers may be written as sloppily as a head.
 */
function chunkScanner(framing: Framing): BodyScanner {
  let state: ChunkState = "size";
  let size = 0;
  let digits = 0;
  let left = 0;
  let line = 0;
  let trailers = 0;
  /** The trailer line so far; lines are short and rare. */
  let text: number[] = [];
  /** A trailer was read that a folded line could continue. */
  let named = false;
  let canonical = true;

  function scan(bytes: Buffer, from: number): BodyStep {
    const payload: number[] = [];
    let total = 0;
    let pos = from;
    // Input that begins and ends at a chunk boundary can be forwarded as it is.
    let whole = state === "size" && digits === 0;
    canonical = true;
    while (pos < bytes.length && state !== "done") {
      const byte = bytes[pos] ?? 0;
      switch (state) {
        case "size": {
          if (((classes[byte] ?? 0) & HEX) !== 0) {
            if (digits === 1 && size === 0) canonical = false;
            digits += 1;
            size = size * 16 + hexValue(byte);
            if (byte >= 0x41 && byte <= 0x46) canonical = false;
            if (digits > 16 || size > Number.MAX_SAFE_INTEGER) return broken();
          } else if (digits === 0) return broken();
          else if (byte === 13) state = "size-lf";
          else if (byte === 0x3b || byte === 32 || byte === 9) {
            canonical = false;
            state = "extension";
            line = 0;
          } else return broken();
          pos += 1;
          break;
        }
        case "extension":
          if (byte === 13) state = "size-lf";
          else if (((classes[byte] ?? 0) & VALUE) === 0) return broken();
          line += 1;
          if (line > maxSizeLine) return broken();
          pos += 1;
          break;
        case "size-lf":
          if (byte !== 10) return broken();
          pos += 1;
          left = size;
          state = size === 0 ? "trailer" : "data";
          size = 0;
          digits = 0;
          break;
        case "data": {
          const take = Math.min(left, bytes.length - pos);
          payload.push(pos, pos + take);
          total += take;
          left -= take;
          pos += take;
          if (left === 0) state = "data-cr";
          break;
        }
        case "data-cr":
          if (byte !== 13) return broken();
          pos += 1;
          state = "data-lf";
          break;
        case "data-lf":
          if (byte !== 10) return broken();
          pos += 1;
          state = "size";
          break;
        case "trailer":
          pos += 1;
          trailers += 1;
          if (trailers > maxTrailers) return { kind: "error", error: refusal.headersTooLarge };
          if (byte === 13) state = "trailer-lf";
          else if (byte === 10) {
            canonical = false;
            const fault = endTrailer();
            if (fault !== undefined) return { kind: "error", error: fault };
          } else text.push(byte);
          break;
        case "trailer-lf": {
          if (byte !== 10) return broken();
          pos += 1;
          const fault = endTrailer();
          if (fault !== undefined) return { kind: "error", error: fault };
          break;
        }
      }
    }
    whole &&= canonical && (state === "done" || (state === "size" && digits === 0)) && pos > from;
    return part(pos, state === "done", payload, total, whole);
  }

  /** At the end of a line behind the last chunk: the end of the body, or one trailer more. */
  function endTrailer(): CodecError | undefined {
    if (text.length === 0) {
      state = "done";
      return undefined;
    }
    canonical = false;
    const fault = trailerFault(text, named);
    named = true;
    text = [];
    state = "trailer";
    return fault;
  }

  return { framing, scan };
}

function broken(): BodyStep {
  return { kind: "error", error: refusal.codec };
}

function hexValue(byte: number): number {
  return byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57;
}

function trailerFault(text: readonly number[], named: boolean): CodecError | undefined {
  const bytes = Uint8Array.from(text);
  if (!noneOf(bytes, 0, bytes.length, CONTROL)) return refusal.characters;
  const folded = bytes[0] === 32 || bytes[0] === 9;
  const colon = bytes.indexOf(0x3a);
  const sound = folded ? named : colon > 0 && allOf(bytes, 0, colon, NAME);
  return sound ? undefined : refusal.codec;
}

const lastChunk = Buffer.from("0\r\n\r\n");
const nothing = Buffer.alloc(0);

/**
 * The bytes that carry this part of a body in chunked coding, in canonical form: one chunk per call, and the last chunk when
 * the body is done. Input that is canonical already is not copied.
 */
export function encodeChunks(bytes: Buffer, from: number, body: BodyPart): Buffer {
  if (body.verbatim) return bytes.subarray(from, body.end);
  if (body.size === 0) return body.done ? lastChunk : nothing;
  const head = `${body.size.toString(16)}\r\n`;
  const out = Buffer.allocUnsafe(head.length + body.size + 2 + (body.done ? lastChunk.length : 0));
  let at = out.write(head, 0, "latin1");
  for (let i = 0; i < body.payload.length; i += 2) at += bytes.copy(out, at, body.payload[i], body.payload[i + 1]);
  out[at] = 13;
  out[at + 1] = 10;
  if (body.done) lastChunk.copy(out, at + 2);
  return out;
}

/** The body bytes of this part without framing, for a length or an until-close body. Copies only when they are scattered. */
export function payloadOf(bytes: Buffer, body: BodyPart): Buffer {
  if (body.size === 0) return nothing;
  const [start, end] = body.payload;
  if (body.payload.length <= 2) return bytes.subarray(start ?? 0, end ?? 0);
  const pieces: Buffer[] = [];
  for (let i = 0; i < body.payload.length; i += 2) pieces.push(bytes.subarray(body.payload[i], body.payload[i + 1]));
  return Buffer.concat(pieces, body.size);
}

/** The end of a chunked body that was sent without a scanner. */
export function endChunks(): Buffer {
  return lastChunk;
}
