import { allOfText, AUTHORITY } from "./characters.ts";
import { type CodecError, refusal } from "./error.ts";
import {
  type Fields,
  hasHeader,
  headerEntries,
  headerReader,
  type HeaderTexts,
  headerValue,
  headerValues,
  type ReadHeader,
} from "./fields.ts";
import { beginsMethod, parseRequestLine } from "./request-line.ts";
import { defaultLimits, type HeadLimits, scanHead } from "./scan.ts";
import { chunkedBody, type Framing, noBody, readMeaning } from "./semantics.ts";

export {
  defaultLimits,
  type HeadLimits,
  hasHeader,
  headerEntries,
  headerReader,
  headerValue,
  headerValues,
  type ReadHeader,
};

/**
 * A request as a filter sees it: special headers are already turned into fields of their own and taken out of `fields`,
 * together with what `Connection` nominated. `bytes` may be the buffer that was parsed: it is valid only as long as that one.
 */
export interface RequestHead {
  readonly kind: "request";
  readonly bytes: Buffer;
  /** Byte ranges of the headers, see `Fields`; read them with `headerValues`, `hasHeader`, `headerEntries`. */
  readonly fields: Fields;
  readonly texts?: HeaderTexts | undefined;
  readonly method: string;
  /** Path and query as sent, without normalisation; `*`; `""` for CONNECT. */
  readonly target: string;
  /** Host, or the authority of an absolute target; `""` when Host is empty. */
  readonly authority: string;
  /** Scheme of an absolute target. */
  readonly scheme: "http" | "https" | undefined;
  readonly version: "2" | "1.1" | "1.0";
  readonly framing: Framing;
  readonly keepAlive: boolean;
  /** The protocol that `Upgrade` names, as written; `connection` and `upgrade` are then still among the headers. */
  readonly upgrade: string | undefined;
  readonly expectContinue: boolean;
}

export type HeadResult<Head> =
  /** `from`: where the next call may start; earlier bytes are blank lines. */
  | { readonly kind: "incomplete"; readonly from: number }
  /** `next`: where reading goes on behind a request that was whole; absent: nowhere. */
  | { readonly kind: "error"; readonly error: CodecError; readonly next?: number }
  /** `next`: the first byte after the head. */
  | { readonly kind: "head"; readonly head: Head; readonly next: number };

export interface RequestLimits extends HeadLimits {
  /** Let HTTP/1.0 through (PILOT_HTTP10); otherwise it is 426 like every other version. */
  readonly http10?: boolean;
}

/**
 * Reads one request head that begins at `from`. A pure function of the bytes: call it again with more of them when it is
 * incomplete (worth doing only when a line feed arrived or the limit is near: see `mayComplete`).
 */
export function parseRequestHead(
  bytes: Buffer,
  from: number,
  limits: RequestLimits = defaultLimits,
): HeadResult<RequestHead> {
  const scanned = scanHead(bytes, from, limits);
  if (scanned.kind === "incomplete") return judgeFirstLine(bytes, scanned.from) ?? scanned;
  if (scanned.kind === "fault") return judgeFirstLine(bytes, scanned.from) ?? refused(refusal[scanned.fault]);

  // The order of these checks is Envoy's: where a head has several faults, it decides which one is told.
  const line = parseRequestLine(bytes, scanned.lineStart, scanned.lineEnd);
  if (line.kind === "error") return refused(line.error);
  if (line.version === "0.9") return refused(line.fault ?? refusal.lowVersion);
  const meaning = readMeaning(bytes, scanned, line.method === "CONNECT" ? "connect" : "request");
  if (meaning.kind === "fault") return refused(refusal[meaning.fault]);
  if (line.fault !== undefined) return refused(line.fault);
  const { version } = line;
  if (version !== "1.1" && (version !== "1.0" || limits.http10 !== true)) return refused(refusal.lowVersion);
  if (version === "1.0" && meaning.body === "chunked") return refused(refusal.codec);

  const authority = line.authority ?? meaning.host;
  const framing: Framing =
    meaning.body === undefined
      ? noBody
      : meaning.body === "chunked"
        ? chunkedBody
        : { kind: "length", length: meaning.body };
  const head: RequestHead = {
    kind: "request",
    bytes: meaning.block.bytes,
    fields: meaning.block.fields,
    method: line.method,
    target: line.target,
    authority: authority ?? "",
    scheme: line.scheme,
    version,
    framing,
    keepAlive: version === "1.1" ? !meaning.close : meaning.keepAlive && !meaning.close,
    upgrade: meaning.upgrade,
    expectContinue: meaning.expectContinue,
  };
  if (authority === undefined) return refused(rejected(head, 400, "missing_host_header", true));
  if (!isAuthorityText(head.authority)) return refused(refusal.authority);
  if (line.method === "QUERY" && (headerValue(head, "content-type") ?? "") === "")
    return refused(rejected(head, 400, "query_missing_content_type", true));
  const absolute = line.method === "CONNECT" || line.target.startsWith("/");
  if (!absolute) return { ...refused(rejected(head, 404, "absolute_path_rejected", false)), next: scanned.next };
  return { kind: "head", head, next: scanned.next };
}

/**
 * Whether more bytes can change an `incomplete` answer: a line ended in them, or the limit may be passed.
 * Keeps a sender of single bytes from making us scan the head again and again.
 */
export function mayComplete(bytes: Buffer, from: number, fresh: number, limits: HeadLimits = defaultLimits): boolean {
  return bytes.length - from > limits.maxBytes || bytes.indexOf(10, fresh) !== -1;
}

/**
 * A complete request line is judged before its headers are here: `GET /x` alone is answered at once (headers/raw-inbound h09).
 * Undefined when there is nothing to refuse in it yet.
 */
function judgeFirstLine(bytes: Buffer, from: number): ReturnType<typeof refused> | undefined {
  const lf = bytes.indexOf(10, from);
  if (lf === -1) {
    // Other protocols get their answer before their first line ends (mtls-matrix/direct-disable, gateway/raw).
    return from >= bytes.length || bytes[from] === 13 || beginsMethod(bytes[from]) ? undefined : refused(refusal.codec);
  }
  const line = parseRequestLine(bytes, from, lf > from && bytes[lf - 1] === 13 ? lf - 1 : lf);
  if (line.kind === "error") return refused(line.error);
  return line.version === "0.9" ? refused(line.fault ?? refusal.lowVersion) : undefined;
}

/** Characters that Envoy lets stand in an authority. */
export function isAuthorityText(authority: string): boolean {
  return allOfText(authority, AUTHORITY);
}

function refused(error: CodecError): { readonly kind: "error"; readonly error: CodecError } {
  return { kind: "error", error };
}

/** Refusals of Envoy's connection manager: empty body. Those made before it knows that the request is whole end the connection. */
function rejected(head: RequestHead, status: number, details: string, early: boolean): CodecError {
  const close = early || !head.keepAlive || head.framing.kind !== "none" || head.upgrade !== undefined;
  return { status, body: "", details, flags: "-", close, head };
}
