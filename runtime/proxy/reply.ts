import type { ReplyHead } from "../traffic/reply-head.ts";
import { reasonPhrase } from "../wire/http1/reason.ts";

/** A reply of the proxy itself as it leaves over HTTP/1, its headers in Envoy's order (headers/raw-inbound). */
export function encodeReply(reply: ReplyHead, close: boolean, version: "1.1" | "1.0" = "1.1"): Buffer {
  let text = `HTTP/${version} ${reply.status} ${reasonPhrase(reply.status)}\r\n`;
  let connection = close ? "connection: close\r\n" : version === "1.0" ? "connection: keep-alive\r\n" : "";
  let last = "";
  for (const [name, value] of reply.headers) {
    const line = `${oneLine(name)}: ${oneLine(value)}\r\n`;
    if (name === "content-length" && value === "0") last = line;
    else text += line;
    if (name !== "server") continue;
    text += connection;
    connection = "";
  }
  // Only a gRPC status stands without a length; a reader of HTTP/1 would wait for a body.
  if (reply.headers.some(([name]) => name === "grpc-status")) last = "content-length: 0\r\n";
  return Buffer.from(`${text}${connection}${last}\r\n${reply.body}`);
}

/** Text of a rule must not end a line. */
export function oneLine(text: string): string {
  return /[\r\n\0]/.test(text) ? text.replaceAll(/[\r\n\0]/g, " ") : text;
}
