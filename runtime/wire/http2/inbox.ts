import { errorCode } from "./frame.ts";
import type { FrameWriter } from "./frame-writer.ts";
import type { HeaderField } from "./header-field.ts";
import { ReceiveWindow } from "./receive-window.ts";
import type { Http2Stream } from "./stream.ts";

export interface InboxOwner {
  readonly onOutput: () => void;
  /** All of the peer's side was read. */
  readonly onRemoteEnd: (stream: Http2Stream) => void;
  readonly reset: (stream: Http2Stream, code: number) => void;
}

/** The receiving half of a connection: bodies are passed on while their reader takes them, and wait in their stream while it does not. */
export class Inbox {
  readonly #owner: InboxOwner;
  readonly #writer: FrameWriter;
  /** Of all streams together. */
  readonly #window: ReceiveWindow;

  constructor(owner: InboxOwner, writer: FrameWriter, connectionWindow: number) {
    this.#owner = owner;
    this.#writer = writer;
    this.#window = new ReceiveWindow(connectionWindow);
  }

  /** A DATA frame has come, of this size in all; false: the peer had no room for it. Undefined: of a stream that is over. */
  arrived(stream: Http2Stream | undefined, size: number): boolean {
    const fits = this.#window.arrived(size);
    return stream === undefined ? fits : stream.receive.arrived(size) && fits;
  }

  data(stream: Http2Stream, bytes: Buffer, from: number, to: number, ended: boolean): void {
    stream.remoteClosed = ended;
    if (stream.promised >= 0) {
      stream.promised -= to - from;
      if (stream.promised < 0 || (ended && stream.promised > 0)) {
        this.take(undefined, to - from);
        this.#wrongLength(stream);
        return;
      }
    }
    if (!stream.paused) this.#deliver(stream, bytes, from, to, ended);
    else if (to > from || ended) (stream.unread ??= []).push(bytes.subarray(from, to));
  }

  trailers(stream: Http2Stream, fields: readonly HeaderField[]): void {
    stream.remoteClosed = true;
    if (stream.promised > 0) {
      this.#wrongLength(stream);
      return;
    }
    stream.trailers = fields;
    if (!stream.paused) this.#deliverTrailers(stream, fields);
  }

  /** Lets the body flow again. */
  resume(stream: Http2Stream): void {
    if (!stream.paused) return;
    stream.paused = false;
    for (let piece = stream.unread?.shift(); piece !== undefined; piece = stream.unread?.shift()) {
      const last = stream.unread?.length === 0 && stream.remoteClosed && stream.trailers === undefined;
      this.#deliver(stream, piece, 0, piece.length, last);
      if (isHeld(stream)) return;
    }
    stream.unread = undefined;
    if (stream.trailers !== undefined && !stream.closed) this.#deliverTrailers(stream, stream.trailers);
  }

  /** Nothing of it will be read any more. */
  forget(stream: Http2Stream): void {
    const { unread } = stream;
    stream.unread = undefined;
    if (unread !== undefined) for (const { length } of unread) this.take(undefined, length);
  }

  /** Bytes are somebody's now, or nobody's: the peer may send as many more. Undefined: of a stream that gets no more. */
  take(stream: Http2Stream | undefined, size: number): void {
    if (size === 0) return;
    this.#tell(0, this.#window.take(size));
    if (stream !== undefined && !stream.remoteClosed && !stream.closed)
      this.#tell(stream.id, stream.receive.take(size));
  }

  #tell(stream: number, increment: number): void {
    if (increment === 0) return;
    this.#writer.windowUpdate(stream, increment);
    this.#owner.onOutput();
  }

  #wrongLength(stream: Http2Stream): void {
    this.#owner.reset(stream, errorCode.protocol);
    stream.reader?.onWrongLength();
  }

  #deliver(stream: Http2Stream, bytes: Buffer, from: number, to: number, ended: boolean): void {
    const more = (to === from && !ended) || (stream.reader?.onData(bytes, from, to, ended) ?? true);
    this.take(stream, to - from);
    if (ended) this.#owner.onRemoteEnd(stream);
    else if (!more) stream.paused = true;
  }

  #deliverTrailers(stream: Http2Stream, fields: readonly HeaderField[]): void {
    stream.reader?.onTrailers(fields);
    this.#owner.onRemoteEnd(stream);
  }
}

/** Whoever read a piece may have had enough, or have ended the stream. */
function isHeld({ paused, closed }: Http2Stream): boolean {
  return paused || closed;
}
