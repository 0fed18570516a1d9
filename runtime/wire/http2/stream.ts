import type { HeaderField } from "./header-field.ts";
import { ReceiveWindow } from "./receive-window.ts";

/** Who is told what comes on a stream. */
export interface StreamReader {
  /** The head of an answer, or one before it; whoever takes the last one for itself sets `headed`. */
  readonly onHead: (fields: readonly HeaderField[], ended: boolean) => void;
  /** A piece of the body; `bytes` is not written over. False stops the flow until `Session.resume`. */
  readonly onData: (bytes: Buffer, from: number, to: number, ended: boolean) => boolean;
  readonly onTrailers: (fields: readonly HeaderField[]) => void;
  /** The stream has ended before its time, by a reset; undefined: with its connection. Nothing more comes. */
  readonly onReset: (code: number | undefined) => void;
  /** The body is not as long as its head said: the stream was reset. */
  readonly onWrongLength: () => void;
  /** There is room again after `Outbox.write` said false. */
  readonly onDrain: () => void;
}

/** The state of one stream (RFC 9113 §5.1), what it may send and receive, and what waits in it. `Session`, `Inbox` and `Outbox` keep it. */
export class Http2Stream {
  readonly id: number;
  reader: StreamReader | undefined;

  /** The peer has sent its end. */
  remoteClosed = false;
  /** We have sent ours. */
  localClosed = false;
  /** It is over for both, or was reset. */
  closed = false;

  readonly receive: ReceiveWindow;
  /** Bytes of the body that its head still promises; -1: it promised nothing. */
  promised = -1;
  /** The head is here: what follows is its body. */
  headed = false;
  paused = false;
  /** Body that came while it was paused, and what followed it. */
  unread: Buffer[] | undefined;
  trailers: readonly HeaderField[] | undefined;

  /** Bytes that we may send; negative after the peer has lowered it. */
  sendWindow: number;
  queue: Buffer[] | undefined;
  /** What follows the queue: nothing yet, the end, or trailers. */
  ending: readonly string[] | undefined;
  wantsDrain = false;
  /** What is left of the peer's side is of no interest once ours is out. */
  resetAtEnd = false;

  constructor(id: number, receiveWindow: number, sendWindow: number) {
    this.id = id;
    this.receive = new ReceiveWindow(receiveWindow);
    this.sendWindow = sendWindow;
  }
}
