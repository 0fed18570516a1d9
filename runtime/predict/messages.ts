import { createBodyScanner, encodeChunks } from "../wire/http1/body.ts";
import type { CodecError } from "../wire/http1/error.ts";
import { parseRequestHead, type RequestHead, type RequestLimits } from "../wire/http1/head.ts";
import type { Framing } from "../wire/http1/semantics.ts";
import { requestOfList } from "../wire/http2/request-head.ts";
import type { Answer, BytesPayload, Http2Payload, HttpAnswer } from "./payload.ts";

/** One request of a connection, with as much of its body as was sent. */
export interface Message {
  readonly head: RequestHead;
  readonly protocol: "HTTP/1.1" | "HTTP/1.0" | "HTTP/2";
  /** Decoded, without framing; after an upgrade: everything that follows the head. */
  readonly body: Buffer;
  readonly whole: boolean;
  /** What is wrong with the rest of the body. */
  readonly broken: CodecError | undefined;
  readonly patienceMs: number | undefined;
}

export interface MessageHandlers {
  readonly limits?: RequestLimits;
  readonly serve: (message: Message) => Answer;
  /** A head that breaks the protocol. */
  readonly refuse: (error: CodecError) => HttpAnswer;
  /** A stream that is reset without an answer. */
  readonly reset: (details: string) => void;
}

/** Reads every request that a caller sent on one connection, one after the other, and collects the answers. */
export function serveMessages(payload: BytesPayload | Http2Payload, handlers: MessageHandlers): Answer {
  return payload.kind === "h2" ? serveStream(payload, handlers) : serveBytes(payload, handlers);
}

function serveStream(payload: Http2Payload, handlers: MessageHandlers): Answer {
  const { fields, body, whole, patienceMs } = payload;
  const read = requestOfList(fields.flat(), whole && body.length === 0, handlers.limits);
  if (read.kind === "head")
    return handlers.serve({ head: read.head, protocol: "HTTP/2", body, whole, broken: undefined, patienceMs });
  if (read.error.status !== 0) return handlers.refuse(read.error);
  handlers.reset(read.error.details);
  return { kind: "closed" };
}

function serveBytes({ bytes, patienceMs }: BytesPayload, handlers: MessageHandlers): Answer {
  const answers: HttpAnswer[] = [];
  let at = 0;
  while (answers.length === 0 || at < bytes.length) {
    const parsed = parseRequestHead(bytes, at, handlers.limits);
    if (parsed.kind === "incomplete") {
      if (answers.length === 0) return { kind: "hang" };
      break;
    }
    if (parsed.kind === "error") {
      answers.push(handlers.refuse(parsed.error));
      if (parsed.error.close || parsed.next === undefined) break;
      at = parsed.next;
      continue;
    }
    const { head, next } = parsed;
    const { end, ...read } = readBody(bytes, next, head);
    const protocol = head.version === "1.0" ? "HTTP/1.0" : "HTTP/1.1";
    const answer = handlers.serve({ head, protocol, patienceMs, ...read });
    if (answer.kind !== "http") {
      if (answers.length === 0) return answer;
      break;
    }
    answers.push(answer);
    if (answer.close === true || !read.whole) break;
    at = end;
  }
  const [first, ...more] = answers;
  if (first === undefined) return { kind: "hang" };
  return more.length === 0 ? first : { ...first, more };
}

interface ReadBody extends Pick<Message, "body" | "whole" | "broken"> {
  readonly end: number;
}

function readBody(bytes: Buffer, from: number, head: RequestHead): ReadBody {
  const rest = { body: bytes.subarray(from), end: bytes.length, whole: false, broken: undefined };
  if (head.upgrade !== undefined) return rest;
  // Piece by piece: what stands before a fault in the body has already gone on when the fault is met.
  const scanner = createBodyScanner(head.framing);
  const pieces: Buffer[] = [];
  let at = from;
  for (;;) {
    const stop = head.framing.kind === "chunked" ? Math.min(at + 1, bytes.length) : bytes.length;
    const step = scanner.scan(bytes.subarray(0, stop), at);
    if (step.kind === "error") return { ...rest, body: Buffer.concat(pieces), broken: step.error };
    for (let i = 0; i < step.payload.length; i += 2) pieces.push(bytes.subarray(step.payload[i], step.payload[i + 1]));
    at = step.end;
    if (step.done) return { body: Buffer.concat(pieces), end: at, whole: true, broken: undefined };
    if (at >= bytes.length) return { ...rest, body: Buffer.concat(pieces) };
  }
}

/** A body as it is written in the framing; of one that never ends, the end is left out. */
export function frameBody(body: Buffer, whole: boolean, framing: Framing): Buffer {
  if (framing.kind !== "chunked") return body;
  const size = body.length;
  return encodeChunks(body, 0, {
    kind: "part",
    end: size,
    done: whole,
    payload: size === 0 ? [] : [0, size],
    size,
    verbatim: false,
  });
}
