import type { HeaderEdit } from "../../model/header-edit.ts";
import { ascii } from "../http1/characters.ts";
import { type HeaderBlock, nameAt, stride } from "../http1/fields.ts";
import { headerValue, type RequestHead } from "../http1/head.ts";
import type { ResponseHead } from "../http1/response-head.ts";

interface Changed {
  readonly target: string;
  readonly authority: string;
  readonly edit: HeaderEdit;
}

/** A request as a header list, in Envoy's order of pseudo headers. */
export function listRequest(head: RequestHead, change: Changed): string[] {
  const list =
    head.method === "CONNECT"
      ? [":method", head.method, ":authority", clean(change.authority)]
      : [
          ":method",
          head.method,
          ":scheme",
          schemeOf(head),
          ":authority",
          clean(change.authority),
          ":path",
          clean(change.target),
        ];
  listFields(list, head, change.edit);
  return list;
}

/** Of an HTTP/1 request nothing but `x-forwarded-proto` tells it. */
function schemeOf(head: RequestHead): string {
  return head.scheme ?? (headerValue(head, "x-forwarded-proto") === "https" ? "https" : "http");
}

export function listResponse(head: ResponseHead, edit: HeaderEdit): string[] {
  const list = [":status", String(head.status)];
  listFields(list, head, edit);
  return list;
}

/** The list of a reply of our own. */
export function listReply(status: number, headers: readonly (readonly [string, string])[]): string[] {
  const list = [":status", String(status)];
  for (const [name, value] of headers) if (!isHopByHop(name)) list.push(clean(name), clean(value));
  return list;
}

function listFields(list: string[], block: HeaderBlock, edit: HeaderEdit): void {
  const { bytes, fields, texts } = block;
  if (texts?.of === fields) {
    // What came over HTTP/2 has nothing of one hop in it.
    for (let at = 0; at < texts.list.length; at += 2) {
      const name = texts.list[at] ?? "";
      if (!edit.remove.has(name)) list.push(name, texts.list[at + 1] ?? "");
    }
  } else {
    for (let at = 0; at < fields.length; at += stride) {
      const name = nameAt(block, at);
      if (edit.remove.has(name) || isHopByHop(name)) continue;
      list.push(name, ascii(bytes, fields[at + 2] ?? 0, fields[at + 3] ?? 0));
    }
  }
  for (const [name, value] of edit.add) {
    if (name !== "content-length" && !isHopByHop(name)) list.push(name, clean(value));
  }
}

/** No rule may add what HTTP/2 has no place for; an upgrade never gets here. */
function isHopByHop(name: string): boolean {
  return (
    name === "transfer-encoding" ||
    name === "connection" ||
    name === "keep-alive" ||
    name === "upgrade" ||
    name === "proxy-connection"
  );
}

/** One character per byte, and no byte that could end a line at a later hop. */
function clean(text: string): string {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if ((code < 32 && code !== 9) || code > 0x7e) {
      return Buffer.from(text, "utf8")
        .toString("latin1")
        .replaceAll(/[\0-\x08\x0a-\x1f\x7f]/g, " ");
    }
  }
  return text;
}
