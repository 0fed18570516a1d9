import type { LocalReply } from "../traffic/local-reply.ts";
import { replyHead } from "../traffic/reply-head.ts";
import type { ReplyContext } from "../traffic/reply-head.ts";
import { reasonPhrase } from "../wire/http1/reason.ts";

/** A reply of the proxy itself as bytes. */
export function encodeReply(
  reply: LocalReply,
  context: ReplyContext,
  close: boolean,
): { readonly bytes: Buffer; readonly status: number; readonly body: number } {
  const head = replyHead(reply, context);
  let text = `HTTP/1.1 ${head.status} ${reasonPhrase(head.status)}\r\n`;
  for (const [name, value] of head.headers) text += `${oneLine(name)}: ${oneLine(value)}\r\n`;
  if (close) text += "connection: close\r\n";
  return { bytes: Buffer.from(`${text}\r\n${head.body}`), status: head.status, body: Buffer.byteLength(head.body) };
}

function oneLine(text: string): string {
  return /[\r\n\0]/.test(text) ? text.replaceAll(/[\r\n\0]/g, " ") : text;
}
