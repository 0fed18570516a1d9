import type { ReplyHead } from "../traffic/reply-head.ts";
import { reasonPhrase } from "../wire/http1/reason.ts";

/** A reply of the proxy itself as it leaves over HTTP/1. */
export function encodeReply(reply: ReplyHead, close: boolean): Buffer {
  let text = `HTTP/1.1 ${reply.status} ${reasonPhrase(reply.status)}\r\n`;
  for (const [name, value] of reply.headers) text += `${oneLine(name)}: ${oneLine(value)}\r\n`;
  if (close) text += "connection: close\r\n";
  return Buffer.from(`${text}\r\n${reply.body}`);
}

/** Text of a rule must not end a line. */
export function oneLine(text: string): string {
  return /[\r\n\0]/.test(text) ? text.replaceAll(/[\r\n\0]/g, " ") : text;
}
