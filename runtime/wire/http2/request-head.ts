import { allOf, NAME, TARGET, VALUE } from "../http1/characters.ts";
import { refusal, type CodecError } from "../http1/error.ts";
import { buildBlock, decimalAt, type RawEntry } from "../http1/fields.ts";
import { isAuthorityText, type RequestHead } from "../http1/head.ts";
import { defaultLimits, type HeadLimits } from "../http1/scan.ts";
import { chunkedBody, type Framing, noBody } from "../http1/semantics.ts";

/** A header list as HTTP/2 carries it, pseudo headers included: names in lower case, values with one character per byte. */
export type Http2Fields = readonly (readonly [name: string, value: string])[];

export type Http2Head =
  | { readonly kind: "head"; readonly head: RequestHead }
  /** Answered like the same fault in HTTP/1. */
  | { readonly kind: "error"; readonly error: CodecError }
  /** The stream is reset without an answer: flag DR with these details (errata traffic A17). */
  | { readonly kind: "reset"; readonly details: string };

/**
 * Turns the header list of an HTTP/2 request into the head that filters see. Cookie crumbs are joined with `; `, names that hold one
 * value with a comma (errata traffic C10), `te` stays only as `trailers`, and `host` counts only without `:authority`. Nothing passes
 * that could end a line or a word of an HTTP/1 head.
 */
export function readHttp2Head(fields: Http2Fields, endStream: boolean, limits: HeadLimits = defaultLimits): Http2Head {
  const pseudo = new Map<string, string>();
  const entries: RawEntry[] = [];
  const crumbs: string[] = [];
  let size = 0;
  let host: string | undefined;
  let length: number | undefined;
  for (const [name, value] of fields) {
    size += name.length + value.length;
    if (!hasOnly(value, VALUE)) return invalidField;
    if (name.startsWith(":")) {
      if (pseudo.has(name) || entries.length > 0 || !pseudoNames.has(name)) return invalidField;
      pseudo.set(name, value);
      continue;
    }
    if (!isFieldName(name) || hopByHop.has(name)) return invalidField;
    if (name === "host") host ??= value;
    else if (name === "cookie") crumbs.push(value);
    else if (name === "te") {
      if (value.toLowerCase() === "trailers") entries.push([name, "trailers"]);
    } else {
      if (name === "content-length") {
        const bytes = Buffer.from(value, "latin1");
        const known = length;
        length = decimalAt(bytes, 0, bytes.length);
        if (length === undefined || known !== undefined) return invalidField;
      }
      entries.push([name, value]);
    }
  }
  if (size > limits.maxBytes) return { kind: "reset", details: "http2.header_list_size_too_large" };
  if (fields.length - pseudo.size > limits.maxHeaders) return { kind: "reset", details: "http2.too_many_headers" };
  if (crumbs.length > 0) entries.push(["cookie", crumbs.join("; ")]);

  const method = pseudo.get(":method");
  const path = pseudo.get(":path");
  const connect = method === "CONNECT";
  if (method === undefined || (path === undefined) !== connect) return invalidField;
  if (method === "" || !hasOnly(method, NAME) || path === "" || !hasOnly(path ?? "", TARGET)) return invalidField;
  const authority = pseudo.get(":authority") ?? host;
  if (authority !== undefined && !isAuthorityText(authority)) return { kind: "error", error: refusal.authority };
  const framing: Framing = endStream ? noBody : length === undefined ? chunkedBody : { kind: "length", length };
  const head: RequestHead = {
    kind: "request",
    ...buildBlock(entries),
    method,
    target: path ?? "",
    authority: authority ?? "",
    scheme: schemeOf(pseudo.get(":scheme")),
    version: "1.1",
    framing,
    keepAlive: true,
    upgrade: undefined,
    expectContinue: entries.some(([name, value]) => name === "expect" && value.toLowerCase() === "100-continue"),
  };
  if (authority === undefined) return rejected(head, 400, "missing_host_header");
  if (!connect && path?.startsWith("/") !== true) return rejected(head, 404, "absolute_path_rejected");
  return { kind: "head", head };
}

const invalidField = { kind: "reset", details: "http2.invalid.header.field" } as const;

const pseudoNames: ReadonlySet<string> = new Set([":method", ":scheme", ":authority", ":path", ":protocol"]);

/** Fields that belong to one HTTP/1 connection must not stand in HTTP/2 (RFC 9113 §8.2.2). */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

function isFieldName(name: string): boolean {
  return name !== "" && name === name.toLowerCase() && hasOnly(name, NAME);
}

function hasOnly(text: string, kind: number): boolean {
  const bytes = Buffer.from(text, "latin1");
  return allOf(bytes, 0, bytes.length, kind);
}

function schemeOf(text: string | undefined): RequestHead["scheme"] {
  return text === "http" || text === "https" ? text : undefined;
}

function rejected(head: RequestHead, status: number, details: string): Http2Head {
  return { kind: "error", error: { status, body: "", details, flags: "-", close: false, head } };
}
