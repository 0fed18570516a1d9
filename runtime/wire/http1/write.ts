import type { HeaderEdit } from "../../model/header-edit.ts";
import { headerNames } from "../header-names.ts";
import type { RequestHead } from "./head.ts";
import {
  type Lines,
  linesBytes,
  mostBytes,
  type Room,
  roomFor,
  take,
  writeBytes,
  writeClean,
  writeHeader,
  writeKept,
  writeLineEnd,
  writeText,
} from "./head-writer.ts";
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

export const noEdit: HeaderEdit = { remove: headerNames([]), add: [] };

/** One buffer: request line, host, the kept headers with lower-case names, the additions, framing, and the body bytes given. */
export function writeRequestHead(head: RequestHead, options: RequestWriteOptions = {}): Buffer {
  const target = head.method === "CONNECT" ? head.authority : (options.target ?? head.target);
  const authority = options.authority ?? head.authority;
  const edit = options.edit ?? noEdit;
  const room = roomForMessage(head.method.length + mostBytes(target) + mostBytes(authority), head, edit, options);
  const { out } = room;
  let pos = writeText(out, room.from, head.method);
  out[pos] = 32;
  pos = writeClean(out, pos + 1, target);
  pos = writeText(out, pos, " HTTP/1.1\r\nhost: ");
  pos = writeLineEnd(out, writeClean(out, pos, authority));
  return finish(room, pos, head, edit, head.framing, options.framing ?? head.framing, "", options);
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
  const edit = options.edit ?? noEdit;
  const reason = reasonPhrase(head.status);
  const room = roomForMessage(reason.length, head, edit, options);
  const { out } = room;
  let pos = writeText(out, room.from, old ? "HTTP/1.0 " : "HTTP/1.1 ");
  pos = writeStatus(out, pos, head.status);
  pos = writeLineEnd(out, writeText(out, pos, reason));
  const close = options.close === true ? "connection: close\r\n" : old ? "connection: keep-alive\r\n" : "";
  return finish(room, pos, head, edit, head.framing, options.framing ?? head.framing, close, options);
}

/** Three digits and a blank. */
function writeStatus(out: Buffer, pos: number, status: number): number {
  out[pos] = 0x30 + Math.floor(status / 100);
  out[pos + 1] = 0x30 + (Math.floor(status / 10) % 10);
  out[pos + 2] = 0x30 + (status % 10);
  out[pos + 3] = 32;
  return pos + 4;
}

/** Header lines as bytes, for additions that are the same for many messages. */
export function encodeHeaderLines(headers: readonly (readonly [name: string, value: string])[]): Buffer {
  const room = roomFor(mostOf(headers));
  let pos = room.from;
  for (const [name, value] of headers) pos = writeHeader(room.out, pos, name, value);
  return take(room, pos);
}

/** Bytes that these lines take at most. */
function mostOf(headers: HeaderEdit["add"]): number {
  let most = 0;
  for (const [name, value] of headers) most += mostBytes(name) + mostBytes(value) + lineBytes;
  return most;
}

/** Around name and value, or around what a first line is made of. */
const lineBytes = 4;
const firstLineBytes = 64;
/** `connection: keep-alive`, `transfer-encoding: chunked`, and the empty line. */
const endBytes = 96;

/** Room for a whole message whose first line holds so much text. */
function roomForMessage(text: number, block: Lines, edit: HeaderEdit, rest: Rest): Room {
  const others = (rest.prepared?.length ?? 0) + (rest.body?.length ?? 0);
  return roomFor(firstLineBytes + text + linesBytes(block) + mostOf(edit.add) + endBytes + others);
}

interface Rest {
  readonly prepared?: Buffer | undefined;
  readonly body?: Buffer | undefined;
}

/** Everything behind the first line. */
function finish(
  room: Room,
  start: number,
  block: Lines,
  edit: HeaderEdit,
  came: Framing,
  leaves: Framing,
  close: string,
  { prepared, body }: Rest,
): Buffer {
  const { out } = room;
  const reframed = !sameFraming(came, leaves);
  let pos = writeKept(out, start, block, edit.remove, reframed);
  if (prepared !== undefined) pos = writeBytes(out, pos, prepared, 0, prepared.length);
  for (const [name, value] of edit.add) if (!isFraming(name)) pos = writeHeader(out, pos, name, value);
  pos = writeText(out, pos, close);
  if (leaves.kind === "chunked") pos = writeText(out, pos, "transfer-encoding: chunked\r\n");
  else if (leaves.kind === "length" && reframed) pos = writeText(out, pos, `content-length: ${leaves.length}\r\n`);
  pos = writeLineEnd(out, pos);
  if (body !== undefined) pos = writeBytes(out, pos, body, 0, body.length);
  return take(room, pos);
}

/** Framing is ours alone: no rule may add it. */
function isFraming(name: string): boolean {
  return name === "transfer-encoding" || name === "content-length";
}

function sameFraming(a: Framing, b: Framing): boolean {
  return a.kind === b.kind && (a.kind !== "length" || (b.kind === "length" && a.length === b.length));
}
