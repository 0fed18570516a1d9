import { defaultFrameSize, errorCode, flag, frameHeadLength, frameType } from "./frame.ts";

const least = 2048;
const most = 32 * 1024;
const nothing = Buffer.alloc(0);

/**
 * Frames on their way out, one behind the other in one buffer, so that all of a turn leave in one write. What was taken is never
 * written over; the buffer goes on behind it.
 */
export class FrameWriter {
  /** For who writes into it directly; `at` is where the next byte goes. Both may change with every call of `room`. */
  bytes: Buffer = nothing;
  at = 0;
  /** Frames since the reader was last known to be up to date, and those among them that answer a frame or end a stream. */
  frames = 0;
  controlFrames = 0;
  /** All that were ever written. */
  dataFrames = 0;
  #from = 0;
  #next = least;

  /** Bytes that wait. */
  get size(): number {
    return this.at - this.#from;
  }

  /** What was written before has been read. */
  forgetCounts(): void {
    this.frames = 0;
    this.controlFrames = 0;
  }

  take(): Buffer {
    const taken = this.bytes.subarray(this.#from, this.at);
    this.#from = this.at;
    return taken;
  }

  /** Lets go of the memory, while nothing waits and nothing is expected. */
  release(): void {
    if (this.at !== this.#from) return;
    this.bytes = nothing;
    this.at = 0;
    this.#from = 0;
    this.#next = least;
  }

  room(count: number): void {
    if (this.bytes.length - this.at >= count) return;
    const waiting = this.at - this.#from;
    const larger = Buffer.allocUnsafe(Math.max(this.#next, (waiting + count) * 2));
    this.bytes.copy(larger, 0, this.#from, this.at);
    this.#next = Math.min(most, this.#next * 2);
    this.bytes = larger;
    this.#from = 0;
    this.at = waiting;
  }

  frame(length: number, type: number, flags: number, stream: number): void {
    this.room(frameHeadLength + length);
    this.#head(this.at, length, type, flags, stream);
    this.at += frameHeadLength;
    this.frames += 1;
  }

  #head(at: number, length: number, type: number, flags: number, stream: number): void {
    const { bytes } = this;
    bytes[at] = length >>> 16;
    bytes[at + 1] = length >>> 8;
    bytes[at + 2] = length;
    bytes[at + 3] = type;
    bytes[at + 4] = flags;
    this.#uint32(at + 5, stream);
  }

  #uint32(at: number, value: number): void {
    const { bytes } = this;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }

  uint32(value: number): void {
    this.#uint32(this.at, value);
    this.at += 4;
  }

  /** The caller writes the block behind this, then calls `endHeaders` with what this returns. */
  beginHeaders(): number {
    this.room(frameHeadLength);
    const mark = this.size;
    this.at += frameHeadLength;
    return mark;
  }

  endHeaders(mark: number, stream: number, endStream: boolean): void {
    const start = this.#from + mark;
    const length = this.at - start - frameHeadLength;
    this.frames += 1;
    const end = endStream ? flag.endStream : 0;
    if (length <= defaultFrameSize) {
      this.#head(start, length, frameType.headers, end | flag.endHeaders, stream);
      return;
    }
    const block = Buffer.from(this.bytes.subarray(start + frameHeadLength, this.at));
    this.at = start;
    for (let at = 0; at < length; at += defaultFrameSize) {
      const size = Math.min(defaultFrameSize, length - at);
      const flags = (at === 0 ? end : 0) | (at + size === length ? flag.endHeaders : 0);
      this.frame(size, at === 0 ? frameType.headers : frameType.continuation, flags, stream);
      this.copy(block, at, at + size);
    }
  }

  data(stream: number, bytes: Uint8Array, from: number, to: number, endStream: boolean): void {
    this.frame(to - from, frameType.data, endStream ? flag.endStream : 0, stream);
    this.dataFrames += 1;
    this.copy(bytes, from, to);
  }

  /** There must be room. */
  copy(bytes: Uint8Array, from: number, to: number): void {
    if (to - from < 32) {
      for (let i = from; i < to; i += 1) this.bytes[this.at + i - from] = bytes[i] ?? 0;
    } else this.bytes.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), this.at);
    this.at += to - from;
  }

  reset(stream: number, code: number): void {
    this.frame(4, frameType.reset, 0, stream);
    this.uint32(code);
    this.controlFrames += 1;
  }

  settings(entries: readonly (readonly [id: number, value: number])[]): void {
    this.frame(entries.length * 6, frameType.settings, 0, 0);
    for (const [id, value] of entries) {
      this.bytes[this.at] = id >>> 8;
      this.bytes[this.at + 1] = id;
      this.at += 2;
      this.uint32(value);
    }
  }

  settingsAck(): void {
    this.frame(0, frameType.settings, flag.ack, 0);
    this.controlFrames += 1;
  }

  pingAck(bytes: Uint8Array, from: number): void {
    this.frame(8, frameType.ping, flag.ack, 0);
    this.copy(bytes, from, from + 8);
    this.controlFrames += 1;
  }

  windowUpdate(stream: number, increment: number): void {
    this.frame(4, frameType.windowUpdate, 0, stream);
    this.uint32(increment);
  }

  goaway(lastStream: number, code: number, debug: string): void {
    const text = code === errorCode.none ? nothing : Buffer.from(debug, "latin1");
    this.frame(8 + text.length, frameType.goaway, 0, 0);
    this.uint32(lastStream);
    this.uint32(code);
    this.copy(text, 0, text.length);
  }
}
