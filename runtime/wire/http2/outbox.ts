import { defaultFrameSize, defaultWindow, maxWindow } from "./frame.ts";
import { FrameWriter } from "./frame-writer.ts";
import { HpackEncoder } from "./hpack-encoder.ts";
import type { Http2Stream } from "./stream.ts";

export interface OutboxOwner {
  /** Frames wait; they have to be taken before the turn is over. */
  readonly onOutput: () => void;
  /** Very much waits: it had better be taken now. */
  readonly onFull: () => void;
  /** The last frame of our side is out. */
  readonly onLocalEnd: (stream: Http2Stream) => void;
}

/** As much as leaves in one write. */
const full = 64 * 1024;
const noTrailers: readonly string[] = [];

/**
 * The sending half of a connection: header blocks leave at once, bodies as far as the windows of their stream and of the connection
 * let them, and while the peer reads. Streams that wait take turns, a frame each.
 */
export class Outbox {
  readonly writer = new FrameWriter();
  readonly encoder = new HpackEncoder();
  /** Of the whole connection. */
  window = defaultWindow;
  /** Of new streams, as the peer wants it. */
  initialWindow = defaultWindow;
  /** The peer does not read what was sent: bodies wait. */
  #congested = false;
  readonly #owner: OutboxOwner;
  /** Streams with a queue, or with somebody who waits for room. */
  readonly #waiting = new Set<Http2Stream>();

  constructor(owner: OutboxOwner) {
    this.#owner = owner;
  }

  /** Names and values in turn, lower-case, one character per byte. */
  headers(stream: Http2Stream, list: readonly string[], end: boolean): void {
    if (stream.closed || stream.localClosed) return;
    const { writer, encoder } = this;
    const mark = writer.beginHeaders();
    encoder.begin(writer);
    for (let at = 0; at + 1 < list.length; at += 2) encoder.field(writer, list[at] ?? "", list[at + 1] ?? "");
    writer.endHeaders(mark, stream.id, end);
    if (end) this.#end(stream);
    this.#owner.onOutput();
  }

  /** Body from ranges of `bytes`, two numbers each; `trailers`: what ends it, where it ends. False: wait for `onDrain`. */
  write(
    stream: Http2Stream,
    bytes: Buffer,
    ranges: readonly number[],
    size: number,
    done: boolean,
    trailers: readonly string[] | undefined,
  ): boolean {
    if (stream.closed || stream.localClosed || stream.ending !== undefined) return true;
    const fits = size === 0 || (!this.#congested && size <= this.window && size <= stream.sendWindow);
    if (stream.queue === undefined && fits) {
      const bare = done && trailers === undefined;
      if (size > 0 || bare) this.#send(stream, bytes, ranges, size, bare);
      if (trailers !== undefined && done) this.headers(stream, trailers, true);
      return this.#hasRoom(stream, done);
    }
    stream.queue ??= [];
    for (let at = 0; at < ranges.length; at += 2) stream.queue.push(bytes.subarray(ranges[at], ranges[at + 1]));
    if (done) stream.ending = trailers ?? noTrailers;
    this.#waiting.add(stream);
    this.pump();
    return stream.queue === undefined ? this.#hasRoom(stream, done) : this.#refuse(stream);
  }

  #hasRoom(stream: Http2Stream, done: boolean): boolean {
    return done || !this.#congested || this.#refuse(stream);
  }

  #refuse(stream: Http2Stream): false {
    stream.wantsDrain = true;
    this.#waiting.add(stream);
    return false;
  }

  #send(stream: Http2Stream, bytes: Buffer, ranges: readonly number[], size: number, end: boolean): void {
    const { writer } = this;
    if (size === 0) writer.data(stream.id, bytes, 0, 0, end);
    for (let range = 0; range < ranges.length; range += 2) {
      const to = ranges[range + 1] ?? 0;
      for (let at = ranges[range] ?? 0; at < to; at += defaultFrameSize) {
        const next = Math.min(to, at + defaultFrameSize);
        writer.data(stream.id, bytes, at, next, end && next === to && range + 2 >= ranges.length);
      }
    }
    this.window -= size;
    stream.sendWindow -= size;
    if (end) this.#end(stream);
    this.#owner.onOutput();
    if (writer.size > full) this.#owner.onFull();
  }

  #end(stream: Http2Stream): void {
    stream.localClosed = true;
    this.#owner.onLocalEnd(stream);
  }

  /** Nothing of it is to be sent any more. */
  forget(stream: Http2Stream): void {
    stream.queue = undefined;
    stream.wantsDrain = false;
    this.#waiting.delete(stream);
  }

  /** Whether the peer reads; until it does again bodies wait. */
  setCongested(congested: boolean): void {
    this.#congested = congested;
    if (!congested) this.pump();
  }

  /** More room on the connection; false: more than there may be. */
  credit(bytes: number): boolean {
    this.window += bytes;
    if (this.window > maxWindow) return false;
    this.pump();
    return true;
  }

  creditStream(stream: Http2Stream, bytes: number): boolean {
    stream.sendWindow += bytes;
    if (stream.sendWindow > maxWindow) return false;
    if (stream.queue !== undefined) this.pump();
    return true;
  }

  /** Sends what may be sent, and tells those who waited for room. */
  pump(): void {
    for (let sent = this.#waiting.size > 0; sent && !this.#congested && this.window > 0;) {
      sent = false;
      for (const stream of this.#waiting) if (this.#sendNext(stream)) sent = true;
    }
    if (this.#congested || this.#waiting.size === 0) return;
    // Who has room may fill it again at once.
    for (const stream of Array.from(this.#waiting)) {
      if (stream.queue !== undefined || !this.#waiting.delete(stream)) continue;
      const { wantsDrain } = stream;
      stream.wantsDrain = false;
      if (wantsDrain && !stream.closed) stream.reader?.onDrain();
    }
  }

  /** One frame of a stream that waits; false: there is none that may go. */
  #sendNext(stream: Http2Stream): boolean {
    const { queue, ending } = stream;
    if (queue === undefined || this.#congested) return false;
    const [first] = queue;
    if (first !== undefined) {
      const size = Math.min(first.length, defaultFrameSize, this.window, stream.sendWindow);
      if (size <= 0) return false;
      if (size === first.length) queue.shift();
      else queue[0] = first.subarray(size);
      const last = queue.length === 0 && ending !== undefined && ending.length === 0;
      if (queue.length === 0) stream.queue = undefined;
      this.#send(stream, first, [0, size], size, last);
    } else {
      stream.queue = undefined;
      if (ending?.length === 0) this.#send(stream, empty, noRanges, 0, true);
    }
    if (stream.queue === undefined && ending !== undefined && ending.length > 0) this.headers(stream, ending, true);
    return true;
  }
}

const empty = Buffer.alloc(0);
const noRanges: readonly number[] = [];
