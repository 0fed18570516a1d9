import type { CodecError } from "../http1/error.ts";
import type { RequestHead } from "../http1/head.ts";
import { defaultLimits, type HeadLimits } from "../http1/scan.ts";
import { chunkedBody, type Framing, noBody } from "../http1/semantics.ts";
import { fieldsOf, type HeaderList } from "./fields.ts";
import { blockOf } from "./head-block.ts";
import { fieldKind, fieldName, HeaderField, lengthOf } from "./header-field.ts";
import { refusal2 } from "./refusal.ts";

export type Request2 =
  | { readonly kind: "head"; readonly head: RequestHead }
  | { readonly kind: "error"; readonly error: CodecError };

interface Pseudo {
  method: HeaderField | undefined;
  scheme: HeaderField | undefined;
  authority: HeaderField | undefined;
  path: HeaderField | undefined;
}

const cookieName = fieldName("cookie");
const lengthName = fieldName("content-length");

/**
 * The head that an HTTP/1 hop would have to be sent for this header list: the same shape, and as strict, so that whoever
 * decides on it and whoever writes it read the same message. Limits are of names and values, pseudo headers among them, as
 * Envoy counts.
 */
export function readRequest(
  fields: readonly HeaderField[],
  ended: boolean,
  limits: HeadLimits = defaultLimits,
): Request2 {
  const pseudo: Pseudo = { method: undefined, scheme: undefined, authority: undefined, path: undefined };
  const kept: HeaderField[] = [];
  let host: string | undefined;
  let cookie: string | undefined;
  let length: number | undefined;
  let expectContinue = false;
  let size = 0;
  if (fields.length > limits.maxHeaders) return refused(refusal2.tooManyHeaders);
  for (const field of fields) {
    size += field.size;
    const { kind } = field.name;
    if (isPseudo(kind)) {
      // Pseudo headers stand before all others.
      if (kept.length > 0 || host !== undefined || cookie !== undefined || !keepPseudo(pseudo, field))
        return refused(refusal2.field);
      continue;
    }
    if (!field.sound) return refused(refusal2.field);
    switch (kind) {
      case fieldKind.host:
        // Several would say several things.
        if (host !== undefined) return refused(refusal2.field);
        host = field.value;
        break;
      case fieldKind.cookie:
        // Crumbs are one header again (RFC 9113 §8.2.3, errata traffic C10).
        cookie = cookie === undefined || cookie === "" ? field.value : `${cookie}; ${field.value}`;
        break;
      case fieldKind.contentLength:
        if (length !== undefined) return refused(refusal2.field);
        length = lengthOf(field.value);
        if (length === undefined) return refused(refusal2.field);
        kept.push(field.value === String(length) ? field : new HeaderField(lengthName, String(length)));
        break;
      case fieldKind.expect:
        expectContinue ||= field.value.toLowerCase() === "100-continue";
        kept.push(field);
        break;
      default:
        kept.push(field);
    }
  }
  if (size > limits.maxBytes) return refused(refusal2.listTooLarge);
  if (cookie !== undefined && cookie !== "") kept.push(new HeaderField(cookieName, cookie));

  const method = pseudo.method?.value;
  const authority = pseudo.authority ?? (host === undefined ? undefined : new HeaderField(authorityName, host));
  if (method === undefined || authority === undefined) return refused(refusal2.messaging);
  if (
    pseudo.method?.sound === false ||
    !authority.sound ||
    pseudo.path?.sound === false ||
    pseudo.scheme?.sound === false
  )
    return refused(refusal2.field);
  const target = targetOf(pseudo, method);
  if (target === undefined) return refused(refusal2.messaging);
  if (ended && length !== undefined && length !== 0) return refused(refusal2.messaging);

  const framing: Framing = ended ? noBody : length === undefined ? chunkedBody : { kind: "length", length };
  const block = blockOf(kept, "request");
  const scheme = pseudo.scheme?.value;
  const head: RequestHead = {
    kind: "request",
    bytes: block.bytes,
    fields: block.fields,
    texts: block.texts,
    method,
    target,
    authority: authority.value,
    scheme: scheme === "https" ? "https" : scheme === "http" ? "http" : undefined,
    version: "2",
    framing,
    keepAlive: true,
    upgrade: undefined,
    expectContinue,
  };
  if (target === "*") {
    return refused({ status: 404, body: "", details: "absolute_path_rejected", flags: "-", close: false, head });
  }
  return { kind: "head", head };
}

/** The same for a list that was put together and not received: names and values in turn. */
export function requestOfList(list: HeaderList, ended: boolean, limits: HeadLimits = defaultLimits): Request2 {
  return readRequest(fieldsOf(list), ended, limits);
}

const authorityName = fieldName(":authority");

function isPseudo(kind: number): boolean {
  return kind >= fieldKind.method && kind <= fieldKind.unknownPseudo;
}

/** False: it has no place in a request, or has taken it already. */
function keepPseudo(pseudo: Pseudo, field: HeaderField): boolean {
  switch (field.name.kind) {
    case fieldKind.method:
      if (pseudo.method !== undefined) return false;
      pseudo.method = field;
      return true;
    case fieldKind.scheme:
      if (pseudo.scheme !== undefined) return false;
      pseudo.scheme = field;
      return true;
    case fieldKind.authority:
      if (pseudo.authority !== undefined) return false;
      pseudo.authority = field;
      return true;
    case fieldKind.path:
      if (pseudo.path !== undefined) return false;
      pseudo.path = field;
      return true;
    default:
      return false;
  }
}

/** Undefined: the pseudo headers don't make a request together. */
function targetOf(pseudo: Pseudo, method: string): string | undefined {
  const { scheme } = pseudo;
  const path = pseudo.path?.value;
  if (method === "CONNECT") return scheme === undefined && path === undefined ? "" : undefined;
  if (scheme === undefined || path === undefined) return undefined;
  if (path === "*") return method === "OPTIONS" ? path : undefined;
  return path.charCodeAt(0) === 0x2f ? escapeHigh(path) : undefined;
}

/** Bytes that no HTTP/1 target may hold are escaped, as Envoy's normalisation does: no rule ever sees them raw. */
function escapeHigh(path: string): string {
  for (let i = 0; i < path.length; i += 1) {
    if (path.charCodeAt(i) > 0x7e) {
      return path.replaceAll(/[\x7f-\xff]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
    }
  }
  return path;
}

function refused(error: CodecError): Request2 {
  return { kind: "error", error };
}
