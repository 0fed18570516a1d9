import type { HeaderEdit, HeaderNames } from "../../model/header-edit.ts";
import { headerNames } from "../header-names.ts";
import { ascii, equalsIgnoreCase } from "./characters.ts";
import { stride } from "./fields.ts";
import type { RequestHead } from "./head.ts";
import { reasonPhrase } from "./reason.ts";
import type { ResponseHead } from "./response-head.ts";
import type { Framing } from "./semantics.ts";

export interface RequestWriteOptions {
  /** Replaces the target as it was sent. */
  readonly target?: string;
  readonly authority?: string;
  readonly edit?: HeaderEdit;
  /** How the body will be sent; default: as it came. */
  readonly framing?: Framing;
  /** Header lines prepared as bytes by `encodeHeaderLines`, appended after the edit. */
  readonly prepared?: Buffer;
  /** Body bytes that are here already; they leave in the same write. Must be framed as `framing` says. */
  readonly body?: Buffer;
}

export interface ResponseWriteOptions {
  readonly edit?: HeaderEdit;
  readonly framing?: Framing;
  /** Adds `connection: close`. */
  readonly close?: boolean;
  /** Version of the request; an HTTP/1.0 client is told when the connection stays. */
  readonly version?: "1.1" | "1.0";
  readonly prepared?: Buffer;
  readonly body?: Buffer;
}

const noEdit: HeaderEdit = { remove: headerNames([]), add: [] };

/** One buffer: request line, host, the kept headers with lower-case names, the additions, framing, and the body bytes given. */
export function writeRequestHead(head: RequestHead, options: RequestWriteOptions = {}): Buffer {
  const target = head.method === "CONNECT" ? head.authority : (options.target ?? head.target);
  const authority = options.authority ?? head.authority;
  const start = `${head.method} ${clean(target)} HTTP/1.1\r\nhost: ${clean(authority)}\r\n`;
  return assemble(start, head, options.edit ?? noEdit, head.framing, options.framing ?? head.framing, "", options);
}

/** Envoy says `content-length: 0` for a request without a body, but for methods that have none by nature, and for upgrades (security/hand/odd-methods). */
export function upstreamFraming(head: RequestHead): Framing {
  return head.framing.kind === "none" && head.upgrade === undefined && !bodiless.has(head.method)
    ? empty
    : head.framing;
}

const bodiless: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "TRACE", "CONNECT"]);
const empty: Framing = { kind: "length", length: 0 };

/** The same for a response; the reason phrase is the canonical one. */
export function writeResponseHead(head: ResponseHead, options: ResponseWriteOptions = {}): Buffer {
  const old = options.version === "1.0";
  const start = `HTTP/${old ? "1.0" : "1.1"} ${head.status} ${reasonPhrase(head.status)}\r\n`;
  const close = options.close === true ? "connection: close\r\n" : old ? "connection: keep-alive\r\n" : "";
  return assemble(start, head, options.edit ?? noEdit, head.framing, options.framing ?? head.framing, close, options);
}

/** Header lines as bytes, for additions that are the same for many messages. */
export function encodeHeaderLines(headers: readonly (readonly [name: string, value: string])[]): Buffer {
  let text = "";
  for (const [name, value] of headers) text += headerLine(name, value);
  return Buffer.from(text);
}

function headerLine(name: string, value: string): string {
  return `${clean(name)}: ${clean(value)}\r\n`;
}

/** No text of ours or of a user's rule may end a line: such bytes become blanks. Almost always a plain look. */
function clean(text: string): string {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 32 && code !== 9) return text.replaceAll("\r", " ").replaceAll("\n", " ").replaceAll("\0", " ");
  }
  return text;
}

interface Block {
  readonly bytes: Buffer;
  readonly fields: readonly number[];
}

function assemble(
  start: string,
  block: Block,
  edit: HeaderEdit,
  came: Framing,
  leaves: Framing,
  close: string,
  rest: { readonly prepared?: Buffer; readonly body?: Buffer },
): Buffer {
  const { bytes, fields } = block;
  const reframed = !sameFraming(came, leaves);
  const runs: number[] = [];
  let kept = 0;
  for (let at = 0; at < fields.length; at += stride) {
    const from = fields[at] ?? 0;
    const nameEnd = fields[at + 1] ?? 0;
    if (isDropped(bytes, from, nameEnd, edit.remove, reframed)) continue;
    const to = (fields[at + 3] ?? 0) + 2;
    kept += to - from;
    if (runs.length > 0 && runs[runs.length - 1] === from) runs[runs.length - 1] = to;
    else runs.push(from, to);
  }

  let tail = "";
  for (const [name, value] of edit.add) if (!isFraming(name)) tail += headerLine(name, value);
  tail += close;
  if (leaves.kind === "chunked") tail += "transfer-encoding: chunked\r\n";
  else if (leaves.kind === "length" && reframed) tail += `content-length: ${leaves.length}\r\n`;
  tail += "\r\n";

  const prepared = rest.prepared?.length ?? 0;
  const body = rest.body?.length ?? 0;
  const startLength = Buffer.byteLength(start);
  const out = Buffer.allocUnsafe(startLength + kept + prepared + Buffer.byteLength(tail) + body);
  let pos = out.write(start, 0);
  const linesAt = pos;
  for (let i = 0; i < runs.length; i += 2) pos += bytes.copy(out, pos, runs[i], runs[i + 1]);
  lowerNames(out, linesAt, block, runs);
  if (rest.prepared !== undefined) pos += rest.prepared.copy(out, pos);
  pos += out.write(tail, pos);
  rest.body?.copy(out, pos);
  return out;
}

/** Lower-cases the names of the copied lines in place. */
function lowerNames(out: Buffer, linesAt: number, block: Block, runs: readonly number[]): void {
  const { fields } = block;
  let run = 0;
  let shift = linesAt - (runs[0] ?? 0);
  for (let at = 0; at < fields.length; at += stride) {
    const from = fields[at] ?? 0;
    while (run < runs.length && from >= (runs[run + 1] ?? 0)) {
      const before = runs[run + 1] ?? 0;
      run += 2;
      shift += before - (runs[run] ?? 0);
    }
    if (run >= runs.length) return;
    if (from < (runs[run] ?? 0)) continue;
    const to = (fields[at + 1] ?? 0) + shift;
    for (let i = from + shift; i < to; i += 1) {
      const byte = out[i] ?? 0;
      if (byte >= 0x41 && byte <= 0x5a) out[i] = byte | 0x20;
    }
  }
}

function isDropped(bytes: Buffer, from: number, to: number, removed: HeaderNames, reframed: boolean): boolean {
  if (equalsIgnoreCase(bytes, from, to, "content-length")) return reframed;
  // Of what may stand in a name only letters have two forms.
  const first = bytes[from] ?? 0;
  const lower = first >= 0x41 && first <= 0x5a ? first | 0x20 : first;
  return removed.mayHave(to - from, lower) && removed.has(ascii(bytes, from, to).toLowerCase());
}

/** Framing is ours alone: no rule may add it. */
function isFraming(name: string): boolean {
  return name === "transfer-encoding" || name === "content-length";
}

function sameFraming(a: Framing, b: Framing): boolean {
  return a.kind === b.kind && (a.kind !== "length" || (b.kind === "length" && a.length === b.length));
}
