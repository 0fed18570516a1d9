import { classes, DIGIT, isBlank } from "./characters.ts";
import { type Fields, hasHeader, type HeaderBlock, type HeaderTexts, nameAt, stride } from "./fields.ts";
import type { HeadResult } from "./head.ts";
import { defaultLimits, type HeadLimits, scanHead } from "./scan.ts";
import type { CodecError } from "./error.ts";
import { chunkedBody, type Framing, type Meaning, noBody, readMeaning, untilClose } from "./semantics.ts";

/** A response; the remarks on `RequestHead` hold. */
export interface ResponseHead {
  readonly kind: "response";
  readonly bytes: Buffer;
  readonly fields: Fields;
  readonly texts?: HeaderTexts | undefined;
  readonly status: number;
  readonly version: "2" | "1.1" | "1.0";
  readonly framing: Framing;
  readonly keepAlive: boolean;
  /** Protocol of a 101. */
  readonly upgrade: string | undefined;
  /** 100, 102, 103 …: another head follows. */
  readonly interim: boolean;
}

/** The answer to a broken response: 502 with Envoy's text (spec traffic 5.5; the connection to the server is closed). */
export const brokenResponse: CodecError = {
  status: 502,
  body: "upstream connect error or disconnect/reset before headers. reset reason: protocol error",
  details: "upstream_reset_before_response_started{protocol_error}",
  flags: "UPE",
  close: false,
};

/** Reads one response head; `method` is that of the request, because it decides whether a body follows. */
export function parseResponseHead(
  bytes: Buffer,
  from: number,
  method: string,
  limits: HeadLimits = defaultLimits,
): HeadResult<ResponseHead> {
  const scanned = scanHead(bytes, from, limits);
  if (scanned.kind === "incomplete") {
    // Unlike a request, an answer has no empty lines before it.
    return looksLikeResponse(bytes, from) ? scanned : broken;
  }
  if (scanned.kind === "fault" || scanned.lineStart !== from) return broken;
  const line = parseStatusLine(bytes, scanned.lineStart, scanned.lineEnd);
  if (line === undefined) return broken;
  const meaning = readMeaning(bytes, scanned, line.status === 101 ? "switching" : "response");
  if (meaning.kind === "fault") return broken;
  const framing = responseFraming(line.status, method, meaning);
  if (framing === undefined) return broken;
  const { status, version } = line;
  const upgrade = status === 101 ? meaning.upgrade : undefined;
  if (status === 101 && upgrade === undefined) return broken;
  const persistent = version === "1.1" ? !meaning.close : meaning.keepAlive && !meaning.close;
  return {
    kind: "head",
    head: {
      kind: "response",
      bytes: meaning.block.bytes,
      fields: bodiless(status) ? withoutLength(meaning.block) : meaning.block.fields,
      status,
      version,
      framing,
      keepAlive: persistent && framing.kind !== "until-close",
      upgrade,
      interim: status < 200 && status !== 101,
    },
    next: scanned.next,
  };
}

const broken = { kind: "error", error: brokenResponse } as const;

/** RFC 9112 §6.3; undefined when the headers contradict the status, as Envoy's client codec judges. */
function responseFraming(status: number, method: string, meaning: Meaning): Framing | undefined {
  if (bodiless(status)) {
    return meaning.body === undefined || meaning.body === 0 ? noBody : undefined;
  }
  if (method === "HEAD" || status === 304) return noBody;
  if (meaning.body === "chunked") return chunkedBody;
  return meaning.body === undefined ? untilClose : { kind: "length", length: meaning.body };
}

/** Statuses whose messages never have a body, and so no length (RFC 9110 §8.6). */
function bodiless(status: number): boolean {
  return status < 200 || status === 204;
}

/** Envoy drops the `content-length: 0` that some servers send there. */
function withoutLength(block: HeaderBlock): Fields {
  return hasHeader(block, "content-length") ? without(block, (name) => name === "content-length") : block.fields;
}

function without(block: HeaderBlock, dropped: (name: string) => boolean): Fields {
  const { fields } = block;
  const kept: number[] = [];
  for (let at = 0; at < fields.length; at += stride) {
    if (!dropped(nameAt(block, at))) kept.push(...fields.slice(at, at + stride));
  }
  return kept;
}

/** The same answer with nothing to read in it: how Envoy passes on an upgrade that was answered like any request (errata traffic C9). */
export function withoutContent(head: ResponseHead): ResponseHead {
  return { ...head, fields: without(head, (name) => name.startsWith("content-")), framing: noBody };
}

/** Whether the first bytes can still become `HTTP/1.x`; anything else is answered at once instead of waiting for a line. */
function looksLikeResponse(bytes: Buffer, from: number): boolean {
  const start = "HTTP/1.";
  for (let i = 0; i < start.length && from + i < bytes.length; i += 1) {
    if (bytes[from + i] !== start.charCodeAt(i)) return false;
  }
  return true;
}

function parseStatusLine(
  bytes: Buffer,
  from: number,
  to: number,
): { readonly status: number; readonly version: "1.1" | "1.0" } | undefined {
  const minor = bytes[from + 7];
  if (!looksLikeResponse(bytes, from) || (minor !== 0x31 && minor !== 0x30) || !isBlank(bytes[from + 8]))
    return undefined;
  // Blanks may repeat, as Envoy allows.
  let at = from + 9;
  while (at < to && isBlank(bytes[at])) at += 1;
  if (to - at < 3) return undefined;
  let status = 0;
  for (const end = at + 3; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (((classes[byte] ?? 0) & DIGIT) === 0) return undefined;
    status = status * 10 + (byte - 0x30);
  }
  if (to > at && !isBlank(bytes[at])) return undefined;
  for (; at < to; at += 1) if (bytes[at] === 0 || bytes[at] === 13) return undefined;
  return status < 100 ? undefined : { status, version: minor === 0x31 ? "1.1" : "1.0" };
}
