import { allOfText, NAME, VALUE } from "../http1/characters.ts";
import { isAuthorityText } from "../http1/head.ts";
import { isSingle } from "../http1/names.ts";
import { entryOverhead, staticTable } from "./static-table.ts";

/** What a reader of a message does with a header. */
export const fieldKind = {
  ordinary: 0,
  method: 1,
  scheme: 2,
  authority: 3,
  path: 4,
  status: 5,
  /** `:protocol` too: no sidecar of Istio's allows extended CONNECT. */
  unknownPseudo: 6,
  host: 7,
  cookie: 8,
  contentLength: 9,
  expect: 10,
} as const;

export type FieldKind = (typeof fieldKind)[keyof typeof fieldKind];

const kinds: ReadonlyMap<string, FieldKind> = new Map([
  [":method", fieldKind.method],
  [":scheme", fieldKind.scheme],
  [":authority", fieldKind.authority],
  [":path", fieldKind.path],
  [":status", fieldKind.status],
  ["host", fieldKind.host],
  ["cookie", fieldKind.cookie],
  ["content-length", fieldKind.contentLength],
  ["expect", fieldKind.expect],
]);

/** Headers that would mean something to an HTTP/1 hop: a message that has one is malformed (RFC 9113 §8.2.2). */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** What a name says by itself; entries of a table that share a name share it. */
export interface FieldName {
  readonly text: string;
  readonly kind: FieldKind;
  readonly sound: boolean;
  /** Repeated headers of this name are one value in a request, in an answer. */
  readonly singleRequest: boolean;
  readonly singleResponse: boolean;
}

export function fieldName(text: string): FieldName {
  const pseudo = text.charCodeAt(0) === 0x3a;
  return {
    text,
    kind: kinds.get(text) ?? (pseudo ? fieldKind.unknownPseudo : fieldKind.ordinary),
    sound: pseudo || (text !== "" && allOfText(text, NAME) && text === text.toLowerCase() && !hopByHop.has(text)),
    singleRequest: isSingle(text, "request"),
    singleResponse: isSingle(text, "response"),
  };
}

/**
 * One header as it was received, one character per byte. What does not depend on its message is found out once, so that an entry of
 * a table is never looked at again.
 */
export class HeaderField {
  readonly name: FieldName;
  /** Without the blanks around it, which mean nothing at an HTTP/1 hop; of a pseudo header as written. */
  readonly value: string;
  /** Bytes of name and value as written. */
  readonly size: number;
  /** Whether it may stand in a message: nothing in it can become a line, or a frame, of its own. */
  readonly sound: boolean;
  #line: string | undefined;

  constructor(name: FieldName, written: string) {
    this.name = name;
    this.size = name.text.length + written.length;
    this.value = name.text.charCodeAt(0) === 0x3a ? written : trimmed(written);
    this.sound = name.sound && isSoundValue(name, this.value);
  }

  /** As it stands in the byte block of a head. */
  get line(): string {
    return (this.#line ??= `${this.name.text}: ${this.value}\r\n`);
  }
}

function isSoundValue({ kind, text }: FieldName, value: string): boolean {
  switch (kind) {
    case fieldKind.method:
      return value !== "" && allOfText(value, NAME);
    case fieldKind.authority:
      return value !== "" && !value.includes("@") && isAuthorityText(value);
    case fieldKind.path:
      return isPathText(value);
    case fieldKind.scheme:
      return /^[A-Za-z][A-Za-z0-9+.-]*$/.test(value);
    case fieldKind.status:
      return /^[1-9]\d\d$/.test(value);
    case fieldKind.unknownPseudo:
      return false;
    case fieldKind.contentLength:
      return lengthOf(value) !== undefined;
    default:
      return allOfText(value, VALUE) && (text !== "te" || value.toLowerCase() === "trailers");
  }
}

function isPathText(path: string): boolean {
  for (let i = 0; i < path.length; i += 1) {
    const code = path.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f || code > 0xff) return false;
  }
  return path !== "";
}

function trimmed(value: string): string {
  return isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1))
    ? value.replaceAll(/^[ \t]+|[ \t]+$/g, "")
    : value;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** A content length; undefined when it is no plain number. */
export function lengthOf(value: string): number | undefined {
  if (!/^\d{1,16}$/.test(value)) return undefined;
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : undefined;
}

/** What an entry takes in a table (RFC 7541 §4.1). */
export function tableSizeOf(field: HeaderField): number {
  return field.size + entryOverhead;
}

/** The static table, its first entry at 0. */
export const staticFields: readonly HeaderField[] = buildStatic();

function buildStatic(): readonly HeaderField[] {
  const names = new Map<string, FieldName>();
  return staticTable.map(([text, value]) => {
    const name = names.get(text) ?? fieldName(text);
    names.set(text, name);
    return new HeaderField(name, value);
  });
}
