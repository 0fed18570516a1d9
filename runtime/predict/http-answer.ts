import type { HeaderEdit } from "../model/header-edit.ts";
import type { LocalReply } from "../traffic/local-reply.ts";
import { type ReplyContext, replyHead } from "../traffic/reply-head.ts";
import type { CodecError } from "../wire/http1/error.ts";
import { headerEntries } from "../wire/http1/head.ts";
import { reasonPhrase } from "../wire/http1/reason.ts";
import { parseResponseHead } from "../wire/http1/response-head.ts";
import type { Message } from "./messages.ts";
import type { HttpAnswer } from "./payload.ts";

/** The date that predicted replies carry; nobody compares it. */
export const paperDate = "Thu, 01 Jan 1970 00:00:00 GMT";

export function applyEdit(headers: HttpAnswer["headers"], edit: HeaderEdit): HttpAnswer["headers"] {
  return [...headers.filter(([name]) => !edit.remove.has(name)), ...edit.add];
}

export function valuesOf(headers: HttpAnswer["headers"], name: string): readonly string[] {
  return headers.filter((entry) => entry[0] === name).map((entry) => entry[1]);
}

/** What an answer of the proxy itself looks like on the wire. */
export function localAnswer(reply: LocalReply, context: Omit<ReplyContext, "date">, close: boolean): HttpAnswer {
  const { status, headers, body } = replyHead(reply, { ...context, date: paperDate });
  return { kind: "http", status, headers, body, ...(close ? { close } : {}) };
}

/** The refusal of a broken head as a local reply. */
export function refusalOf(error: CodecError): LocalReply {
  const { status, body, details, flags } = error;
  const contentType = body === "" ? undefined : "text/plain";
  return { status, body, details, flags: flags === "-" ? [] : [flags], headers: [], contentType };
}

/** An HTTP/1 connection ends after an answer that came before its request was whole, or that the caller wanted to be the last. */
export function closesAfter(message: Message): boolean {
  return message.protocol !== "HTTP/2" && (!message.head.keepAlive || !message.whole);
}

/** What the proxy's client codec makes of an answer: headers of one hop go; undefined: it breaks the protocol. */
export function understood(answer: HttpAnswer, method: string): HttpAnswer | undefined {
  const lines = answer.headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = `HTTP/1.1 ${answer.status} ${reasonPhrase(answer.status)}\r\n${lines}\r\n`;
  const parsed = parseResponseHead(Buffer.from(head, "utf8"), 0, method);
  if (parsed.kind !== "head") return undefined;
  const bodiless = parsed.head.framing.kind === "none" && answer.status !== 101;
  return { ...answer, headers: headerEntries(parsed.head), body: bodiless ? "" : answer.body };
}
