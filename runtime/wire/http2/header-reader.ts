import { errorCode, flag, frameType } from "./frame.ts";
import { uint31 } from "./frame-reader.ts";
import { paddingOf } from "./frame-rules.ts";
import type { HeaderField } from "./header-field.ts";
import { HpackDecoder } from "./hpack-decoder.ts";

export interface HeaderSink {
  /** One whole header block. */
  readonly onBlock: (stream: number, fields: readonly HeaderField[], ended: boolean) => void;
  /** Whether one more frame of this type, `bare` of any payload, is no flood; tells it where it is. */
  readonly allow: (type: number, bare: boolean) => boolean;
  readonly fail: (code: number, reason: string) => void;
}

/** What a header block may be in all, compressed, and in how many frames; nghttp2, and so Envoy, reads as much. */
const maxBlock = 64 * 1024;
const maxContinuations = 512;

/** Reads HEADERS frames together with the CONTINUATION frames behind them. */
export class HeaderReader {
  readonly #sink: HeaderSink;
  readonly #decoder = new HpackDecoder();
  #stream = 0;
  #ended = false;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(sink: HeaderSink) {
    this.#sink = sink;
  }

  /** Whether a frame may come now: nothing stands between the frames of a block. */
  takes(type: number, stream: number): boolean {
    return type === frameType.continuation ? this.#stream !== 0 && stream === this.#stream : this.#stream === 0;
  }

  headers(flags: number, stream: number, bytes: Buffer, start: number, end: number): void {
    const sink = this.#sink;
    const padding = paddingOf(flags, bytes, start, end);
    const priority = (flags & flag.priority) === 0 ? 0 : 5;
    if (padding === undefined || padding + priority > end - start) {
      sink.fail(errorCode.protocol, "padding");
      return;
    }
    const behind = padding === 0 ? start : start + 1;
    const to = padding === 0 ? end : end - padding + 1;
    if (priority > 0 && uint31(bytes, behind) === stream) {
      sink.fail(errorCode.protocol, "a stream that depends on itself");
      return;
    }
    const from = behind + priority;
    const ended = (flags & flag.endStream) !== 0;
    if (!sink.allow(frameType.headers, to === from && !ended)) return;
    if ((flags & flag.endHeaders) !== 0) {
      this.#decode(stream, ended, bytes, from, to);
      return;
    }
    this.#stream = stream;
    this.#ended = ended;
    this.#size = to - from;
    this.#parts = [Buffer.from(bytes.subarray(from, to))];
  }

  continuation(flags: number, bytes: Buffer, from: number, to: number): void {
    if (!this.#sink.allow(frameType.continuation, to === from)) return;
    this.#size += to - from;
    this.#parts.push(Buffer.from(bytes.subarray(from, to)));
    if (this.#size > maxBlock || this.#parts.length > maxContinuations) {
      this.#sink.fail(errorCode.enhanceYourCalm, "header block too large");
      return;
    }
    if ((flags & flag.endHeaders) === 0) return;
    const whole = Buffer.concat(this.#parts, this.#size);
    const stream = this.#stream;
    this.#stream = 0;
    this.#parts = [];
    this.#decode(stream, this.#ended, whole, 0, whole.length);
  }

  /** Whatever the block belongs to: the table has to stay that of the peer. */
  #decode(stream: number, ended: boolean, bytes: Buffer, from: number, to: number): void {
    const fields = this.#decoder.decode(bytes, from, to);
    if (fields === undefined) this.#sink.fail(errorCode.compression, "header block");
    else this.#sink.onBlock(stream, fields, ended);
  }
}
