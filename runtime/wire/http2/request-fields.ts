import type { HeaderEdit } from "../../model/header-edit.ts";
import { headerEntries } from "../http1/fields.ts";
import type { RequestHead } from "../http1/head.ts";
import type { Http2Fields } from "./request-head.ts";

export interface Http2RequestOptions {
  readonly target: string;
  readonly authority: string;
  readonly edit: HeaderEdit;
}

/** The header list with which a request leaves over HTTP/2. The scheme is what `x-forwarded-proto` says after the edit. */
export function writeHttp2Request(head: RequestHead, options: Http2RequestOptions): Http2Fields {
  const { edit, authority, target } = options;
  const kept = headerEntries(head).filter(([name]) => !edit.remove.has(name));
  const headers = [...kept, ...edit.add].filter(([name]) => !connectionBound.has(name));
  const proto = headers.findLast(([name]) => name === "x-forwarded-proto")?.[1];
  const scheme = proto?.toLowerCase() === "https" ? "https" : "http";
  const path: Http2Fields = head.method === "CONNECT" ? [] : [[":path", target]];
  return [[":method", head.method], [":scheme", scheme], [":authority", authority], ...path, ...headers];
}

/** They speak of an HTTP/1 connection (RFC 9113 §8.2.2). */
const connectionBound: ReadonlySet<string> = new Set(["connection", "upgrade", "keep-alive", "transfer-encoding"]);
