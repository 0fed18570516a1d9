import { defaultFrameSize, errorCode, frameHeadLength } from "./frame.ts";

export interface FrameSink {
  /** One whole frame; its payload lies in `bytes`, which is not kept. False: nothing more is wanted. */
  readonly onFrame: (type: number, flags: number, stream: number, bytes: Buffer, from: number, to: number) => boolean;
  readonly fail: (code: number, reason: string) => void;
}

/** Cuts a stream of bytes, behind a greeting, into frames. Only a frame that is spread over chunks is copied. */
export class FrameReader {
  /** The frame that has begun: its head, then all of it. */
  #partial: Buffer | undefined;
  #have = 0;
  /** What has to come before all frames, and how much of it has come. */
  readonly #greeting: Buffer;
  #greeted = 0;

  constructor(greeting: Buffer) {
    this.#greeting = greeting;
  }

  read(chunk: Buffer, sink: FrameSink): void {
    let at = Math.min(this.#greeting.length - this.#greeted, chunk.length);
    if (at > 0 && chunk.compare(this.#greeting, this.#greeted, this.#greeted + at, 0, at) !== 0) {
      sink.fail(errorCode.protocol, "no HTTP/2 preface");
      return;
    }
    this.#greeted += at;
    while (this.#partial !== undefined) {
      const wanted = this.#partial.length;
      const taken = Math.min(wanted - this.#have, chunk.length - at);
      chunk.copy(this.#partial, this.#have, at, at + taken);
      this.#have += taken;
      at += taken;
      if (this.#have < wanted) return;
      const whole = this.#partial;
      const length = payloadLength(whole, 0);
      if (length > defaultFrameSize) {
        sink.fail(errorCode.frameSize, "frame too large");
        return;
      }
      if (wanted === frameHeadLength && length > 0) {
        this.#partial = Buffer.allocUnsafe(frameHeadLength + length);
        whole.copy(this.#partial);
        continue;
      }
      this.#partial = undefined;
      if (!give(whole, 0, length, sink)) return;
    }
    while (chunk.length - at >= frameHeadLength) {
      const length = payloadLength(chunk, at);
      if (length > defaultFrameSize) {
        sink.fail(errorCode.frameSize, "frame too large");
        return;
      }
      if (chunk.length - at < frameHeadLength + length) {
        this.#begin(chunk, at, frameHeadLength + length);
        return;
      }
      if (!give(chunk, at, length, sink)) return;
      at += frameHeadLength + length;
    }
    if (at < chunk.length) this.#begin(chunk, at, frameHeadLength);
  }

  #begin(chunk: Buffer, at: number, size: number): void {
    this.#partial = Buffer.allocUnsafe(size);
    this.#have = chunk.copy(this.#partial, 0, at);
  }
}

function payloadLength(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

function give(bytes: Buffer, at: number, length: number, sink: FrameSink): boolean {
  const start = at + frameHeadLength;
  return sink.onFrame(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, uint31(bytes, at + 5), bytes, start, start + length);
}

/** A number of four bytes without its first bit, which is reserved. */
export function uint31(bytes: Buffer, at: number): number {
  return uint32(bytes, at) & 0x7fff_ffff;
}

export function uint32(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  );
}
