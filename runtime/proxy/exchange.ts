import type { Socket } from "node:net";
import type { Clock } from "../core/clock.ts";
import type { HttpVersion } from "../model/event.ts";
import type { HeaderEdit } from "../model/header-edit.ts";
import type { ReplyHead } from "../traffic/reply-head.ts";
import type { CodecError } from "../wire/http1/error.ts";
import type { RequestHead } from "../wire/http1/head.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import type { Piece } from "./piece.ts";

/** One request and the answer to it. Each codec reads and frames for itself; heads, payload and trailers are all that passes here. */
export interface Exchange {
  readonly head: RequestHead;
  readonly protocol: HttpVersion;
  /** Monotonic milliseconds at which the head was complete. */
  readonly startedAt: number;
  /** Body that arrived together with the head. */
  readonly early: Piece;
  readonly requestDone: () => boolean;
  /** Bytes of request body so far. */
  readonly received: () => number;
  /** A head before the answer: 100, 103. */
  readonly interim: (head: ResponseHead) => void;
  /** The head of the answer and what is here of its body. False: wait for `drained` before sending more. */
  readonly respond: (head: ResponseHead, edit: HeaderEdit, early: Piece) => boolean;
  readonly body: (piece: Piece) => boolean;
  /** The answer is complete. */
  readonly finish: () => void;
  /** A whole answer of our own, and the end of the exchange. `last`: of an HTTP/1 connection too. */
  readonly reply: (reply: ReplyHead, last: boolean) => void;
  /** Breaks off: the answer can't be completed. */
  readonly abort: () => void;
  /** Lets the request body flow again after `body` said false. */
  readonly resume: () => void;
  /** Answers 101 and ends HTTP on this connection: its bytes belong to the caller from here on. Undefined where one connection carries many. */
  readonly takeOver: ((head: ResponseHead, edit: HeaderEdit, early: Buffer) => TakenOver) | undefined;
}

export interface TakenOver {
  readonly socket: Socket;
  readonly early: Buffer;
}

/** Takes what comes after the head. */
export interface RequestSink {
  /** False stops the flow. */
  readonly body: (piece: Piece) => boolean;
  readonly drained: () => void;
  /** The caller went away before the answer was complete. */
  readonly gone: () => void;
  /** The body breaks the protocol. */
  readonly broken: (error: CodecError) => void;
}

export interface HttpServerOptions {
  readonly socket: Socket;
  readonly early: Buffer;
  /** What TLS agreed on; null: nothing. */
  readonly alpn: string | null;
  readonly clock: Clock;
  /** Whether HTTP/1.0 is answered, and not refused. */
  readonly http10: boolean;
  readonly onRequest: (exchange: Exchange) => RequestSink;
  /** A head that breaks the protocol; returns the answer to it. */
  readonly onRefused: (error: CodecError, protocol: HttpVersion) => ReplyHead;
  readonly onClose: () => void;
}

export interface HttpConnection {
  /** Looks at the bytes that are here already, then reads on. */
  readonly start: () => void;
  /** Ends the connection: now when it is idle, after the answer when it is busy. */
  readonly retire: () => void;
  /** Says farewell with the next answer; until then the connection goes on. */
  readonly drain: () => void;
  readonly destroy: () => void;
}
