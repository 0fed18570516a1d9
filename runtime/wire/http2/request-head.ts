import { allOfText, NAME } from "../http1/characters.ts";
import type { CodecError } from "../http1/error.ts";
import { buildBlock, type RawEntry } from "../http1/fields.ts";
import { isAuthorityText, type RequestHead } from "../http1/head.ts";
import { defaultLimits, type HeadLimits } from "../http1/scan.ts";
import { chunkedBody, type Framing, noBody } from "../http1/semantics.ts";
import { type HeaderList, isFieldSafe, lengthOf, trimmed } from "./fields.ts";
import { refusal2 } from "./refusal.ts";

export type Request2 =
  | { readonly kind: "head"; readonly head: RequestHead }
  | { readonly kind: "error"; readonly error: CodecError };

interface Pseudo {
  method: string | undefined;
  scheme: string | undefined;
  authority: string | undefined;
  path: string | undefined;
}

/**
 * The head that an HTTP/1 hop would have to be sent for this header list: the same shape, and as strict, so that whoever
 * decides on it and whoever writes it read the same message. nghttp2 has looked at most of this before; nothing relies on it.
 * Limits are of names and values, pseudo headers among them, as Envoy counts.
 */
export function requestOfList(list: HeaderList, ended: boolean, limits: HeadLimits = defaultLimits): Request2 {
  const pseudo: Pseudo = { method: undefined, scheme: undefined, authority: undefined, path: undefined };
  const entries: RawEntry[] = [];
  let host: string | undefined;
  let cookie = "";
  let length: number | undefined;
  let expectContinue = false;
  let size = 0;
  if (list.length > limits.maxHeaders * 2) return refused(refusal2.tooManyHeaders);
  for (let at = 0; at + 1 < list.length; at += 2) {
    const name = list[at] ?? "";
    const written = list[at + 1] ?? "";
    size += name.length + written.length;
    if (name.charCodeAt(0) === 0x3a) {
      // Pseudo headers stand before all others.
      if (entries.length > 0 || host !== undefined || cookie !== "" || !readPseudo(pseudo, name, written))
        return refused(refusal2.field);
      continue;
    }
    const value = trimmed(written);
    if (!isFieldSafe(name, value)) return refused(refusal2.field);
    switch (name) {
      case "host":
        // Several would say several things.
        if (host !== undefined) return refused(refusal2.field);
        host = value;
        break;
      case "cookie":
        // Crumbs are one header again (RFC 9113 §8.2.3, errata traffic C10).
        cookie += cookie === "" ? value : `; ${value}`;
        break;
      case "content-length":
        if (length !== undefined) return refused(refusal2.field);
        length = lengthOf(value);
        if (length === undefined) return refused(refusal2.field);
        entries.push([name, String(length)]);
        break;
      case "expect":
        expectContinue ||= value.toLowerCase() === "100-continue";
        entries.push([name, value]);
        break;
      default:
        entries.push([name, value]);
    }
  }
  if (size > limits.maxBytes) return refused(refusal2.listTooLarge);
  if (cookie !== "") entries.push(["cookie", cookie]);

  const { method } = pseudo;
  const authority = pseudo.authority ?? host;
  if (method === undefined || authority === undefined) return refused(refusal2.messaging);
  if (method === "" || !allOfText(method, NAME)) return refused(refusal2.field);
  if (authority === "" || authority.includes("@") || !isAuthorityText(authority)) return refused(refusal2.field);
  if (pseudo.path !== undefined && !isPathText(pseudo.path)) return refused(refusal2.field);
  const target = targetOf(pseudo, method);
  if (target === undefined) return refused(refusal2.messaging);
  if (ended && length !== undefined && length !== 0) return refused(refusal2.messaging);

  const framing: Framing = ended ? noBody : length === undefined ? chunkedBody : { kind: "length", length };
  const block = buildBlock(entries, "request");
  const head: RequestHead = {
    kind: "request",
    bytes: block.bytes,
    fields: block.fields,
    method,
    target,
    authority,
    scheme: pseudo.scheme === "https" ? "https" : pseudo.scheme === "http" ? "http" : undefined,
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

function readPseudo(pseudo: Pseudo, name: string, value: string): boolean {
  switch (name) {
    case ":method":
      if (pseudo.method !== undefined) return false;
      pseudo.method = value;
      return true;
    case ":scheme":
      if (pseudo.scheme !== undefined) return false;
      pseudo.scheme = value;
      return true;
    case ":authority":
      if (pseudo.authority !== undefined) return false;
      pseudo.authority = value;
      return true;
    case ":path":
      if (pseudo.path !== undefined) return false;
      pseudo.path = value;
      return true;
    default:
      // `:protocol` too: no sidecar of Istio's allows extended CONNECT.
      return false;
  }
}

/** Undefined: the pseudo headers don't make a request together. */
function targetOf({ scheme, path }: Pseudo, method: string): string | undefined {
  if (method === "CONNECT") return scheme === undefined && path === undefined ? "" : undefined;
  if (scheme === undefined || path === undefined) return undefined;
  if (path === "*") return method === "OPTIONS" ? path : undefined;
  return path.startsWith("/") ? escapeHigh(path) : undefined;
}

function isPathText(path: string): boolean {
  for (let i = 0; i < path.length; i += 1) {
    const code = path.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f || code > 0xff) return false;
  }
  return path !== "";
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
