import {
  allOf,
  ascii,
  AUTHORITY,
  classes,
  commonText,
  CONTROL,
  equalsIgnoreCase,
  isBlank,
  NAME,
  noneOf,
  TARGET,
} from "./characters.ts";
import { type CodecError, refusal } from "./error.ts";
import { readUrlAuthority } from "./url-authority.ts";

/** The methods that Envoy's HTTP/1 codec knows; others, and other letter cases, are 400 (errata security 33). */
const methods: ReadonlySet<string> = new Set(
  (
    "ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE MSEARCH NOTIFY OPTIONS " +
    "PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE"
  ).split(" "),
);

interface RequestLine {
  readonly kind: "line";
  readonly method: string;
  /** Path and query as written, `*`, or `""` for CONNECT. */
  readonly target: string;
  /** Authority of an absolute or CONNECT target; it replaces Host (RFC 9112 §3.2.2). */
  readonly authority: string | undefined;
  readonly scheme: "http" | "https" | undefined;
  /** `"0.9"` when the line has no version. */
  readonly version: string;
  /** Why the target is refused; told only when the headers are sound, as Envoy does. */
  readonly fault: CodecError | undefined;
}

export type RequestLineResult = RequestLine | { readonly kind: "error"; readonly error: CodecError };

/** Reads a request line in the range. Blanks and tabs between the parts may repeat, as Envoy allows. */
export function parseRequestLine(bytes: Buffer, from: number, to: number): RequestLineResult {
  const methodEnd = skipText(bytes, from, to);
  const targetStart = skipBlanks(bytes, methodEnd, to);
  const targetEnd = skipText(bytes, targetStart, to);
  const versionStart = skipBlanks(bytes, targetEnd, to);
  let versionEnd = to;
  while (versionEnd > versionStart && isBlank(bytes[versionEnd - 1])) versionEnd -= 1;

  const method = methodEnd - from > 16 ? "" : commonText(bytes, from, methodEnd);
  const version = readVersion(bytes, versionStart, versionEnd);
  const sound = methods.has(method) && targetStart < targetEnd && version !== undefined;
  if (!sound || !allOf(bytes, targetStart, targetEnd, TARGET))
    return { kind: "error", error: faultOf(bytes, from, to) };
  return readTarget(bytes, targetStart, targetEnd, method, version);
}

function faultOf(bytes: Buffer, from: number, to: number): CodecError {
  return beginsMethod(bytes[from]) && !noneOf(bytes, from, to, CONTROL) ? refusal.characters : refusal.codec;
}

/** Whether some method begins with this byte; if none does, Envoy looks no further. */
export function beginsMethod(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x41 && byte <= 0x55 && !"EFIJK".includes(String.fromCharCode(byte));
}

function readTarget(bytes: Buffer, from: number, to: number, method: string, version: string): RequestLineResult {
  const first = bytes[from];
  const text = commonText(bytes, from, to);
  const line = (target: string, authority: string | undefined, fault: CodecError | undefined): RequestLine => {
    return { kind: "line", method, target, authority, scheme: undefined, version, fault };
  };
  if (method === "CONNECT") {
    const named = readUrlAuthority(text);
    return line("", text, named?.hasPort === true && !named.hasUser ? undefined : refusal.url);
  }
  if (first === 0x2f || (first === 0x2a && method === "OPTIONS" && to - from === 1)) {
    return line(text, undefined, undefined);
  }
  if (first === 0x2a) return line(text, undefined, refusal.url);
  return readAbsolute(bytes, from, to, text, method, version);
}

/** `http://host:port/path?query`: user information is dropped and an empty path is `/`, as recorded (normalization/forms). */
function readAbsolute(
  bytes: Buffer,
  from: number,
  to: number,
  text: string,
  method: string,
  version: string,
): RequestLineResult {
  const colon = text.indexOf("://");
  if (colon <= 0 || !isScheme(text, colon)) return { kind: "error", error: refusal.codec };
  const hostStart = from + colon + 3;
  let hostEnd = hostStart;
  while (hostEnd < to && bytes[hostEnd] !== 0x2f && bytes[hostEnd] !== 0x3f) hostEnd += 1;
  if (!isAuthority(bytes, hostStart, hostEnd)) return { kind: "error", error: refusal.codec };
  const scheme = equalsIgnoreCase(bytes, from, from + colon, "http")
    ? "http"
    : equalsIgnoreCase(bytes, from, from + colon, "https")
      ? "https"
      : undefined;
  const named = readUrlAuthority(text.slice(hostStart - from, hostEnd - from));
  const fault = scheme === undefined ? refusal.scheme : named === undefined ? refusal.url : undefined;
  const authority = named?.authority ?? "";
  const target = hostEnd === to ? "/" : text.slice(hostEnd - from);
  return { kind: "line", method, target, authority, scheme, version, fault };
}

/**
 * Version of a line that reads like `TOKEN target HTTP/x.y`, whatever its method: what Envoy's HTTP inspector takes for HTTP.
 * A method that the codec does not know is refused later, by the codec.
 */
export function isRequestLine(bytes: Buffer, from: number, to: number): string | undefined {
  const methodEnd = skipText(bytes, from, to);
  const targetStart = skipBlanks(bytes, methodEnd, to);
  const targetEnd = skipText(bytes, targetStart, to);
  const versionStart = skipBlanks(bytes, targetEnd, to);
  let versionEnd = to;
  while (versionEnd > versionStart && isBlank(bytes[versionEnd - 1])) versionEnd -= 1;
  if (from === methodEnd || targetStart === targetEnd) return undefined;
  if (!allOf(bytes, from, methodEnd, NAME) || !allOf(bytes, targetStart, targetEnd, TARGET)) return undefined;
  const version = readVersion(bytes, versionStart, versionEnd);
  if (version === undefined || !isTargetShape(bytes, targetStart, targetEnd, from, methodEnd)) return undefined;
  return version;
}

/** The forms of a target that the inspector's parser lets pass: a path, `*…`, an absolute URL, or CONNECT's authority. */
function isTargetShape(bytes: Buffer, from: number, to: number, methodFrom: number, methodTo: number): boolean {
  const first = bytes[from];
  if (first === 0x2f || first === 0x2a) return true;
  const text = bytes.toString("latin1", from, to);
  const connect = ascii(bytes, methodFrom, methodTo) === "CONNECT";
  const colon = text.indexOf("://");
  if (!connect && (colon <= 0 || !isScheme(text, colon))) return false;
  const hostStart = connect ? from : from + colon + 3;
  let hostEnd = hostStart;
  while (hostEnd < to && bytes[hostEnd] !== 0x2f && bytes[hostEnd] !== 0x3f) hostEnd += 1;
  return isAuthority(bytes, hostStart, hostEnd);
}

function isScheme(text: string, end: number): boolean {
  for (let i = 0; i < end; i += 1) {
    const code = text.charCodeAt(i);
    const letter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
    const other = (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d || code === 0x2e;
    if (!letter && (i === 0 || !other)) return false;
  }
  return true;
}

/** Whether the bytes may stand in an authority; an empty one may. */
function isAuthority(bytes: Uint8Array, from: number, to: number): boolean {
  return allOf(bytes, from, to, AUTHORITY);
}

/** `1.1` of `HTTP/1.1`; `0.9` for nothing; undefined when it is no version. */
function readVersion(bytes: Buffer, from: number, to: number): string | undefined {
  if (from >= to) return "0.9";
  if (to - from !== 8 || bytes[from + 6] !== 0x2e) return undefined;
  if (bytes[from] !== 0x48 || bytes[from + 1] !== 0x54 || bytes[from + 2] !== 0x54) return undefined;
  if (bytes[from + 3] !== 0x50 || bytes[from + 4] !== 0x2f) return undefined;
  const major = bytes[from + 5] ?? 0;
  const minor = bytes[from + 7] ?? 0;
  if (((classes[major] ?? 0) & 32) === 0 || ((classes[minor] ?? 0) & 32) === 0) return undefined;
  return major === 0x31 && minor === 0x31 ? "1.1" : String.fromCharCode(major, 0x2e, minor);
}

function skipBlanks(bytes: Buffer, from: number, to: number): number {
  let pos = from;
  while (pos < to && isBlank(bytes[pos])) pos += 1;
  return pos;
}

function skipText(bytes: Buffer, from: number, to: number): number {
  let pos = from;
  while (pos < to && !isBlank(bytes[pos])) pos += 1;
  return pos;
}
