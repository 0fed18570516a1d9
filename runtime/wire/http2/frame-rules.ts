import { errorCode, flag, frameType } from "./frame.ts";

/** What is wrong with a frame by its form alone, whatever was said before (RFC 9113 §6): the code of the connection error, or 0. */
export function formFault(type: number, flags: number, stream: number, length: number): number {
  switch (type) {
    case frameType.data:
    case frameType.headers:
    case frameType.continuation:
      return stream === 0 ? errorCode.protocol : errorCode.none;
    case frameType.priority:
      return ofStream(stream, length === 5);
    case frameType.reset:
      return ofStream(stream, length === 4);
    case frameType.settings:
      return ofConnection(stream, (flags & flag.ack) === 0 ? length % 6 === 0 : length === 0);
    case frameType.ping:
      return ofConnection(stream, length === 8);
    case frameType.goaway:
      return ofConnection(stream, length >= 8);
    case frameType.windowUpdate:
      return length === 4 ? errorCode.none : errorCode.frameSize;
    case frameType.pushPromise:
      // No client may send it, and ours has forbidden it to servers.
      return errorCode.protocol;
    default:
      return errorCode.none;
  }
}

function ofStream(stream: number, sized: boolean): number {
  return stream === 0 ? errorCode.protocol : sized ? errorCode.none : errorCode.frameSize;
}

function ofConnection(stream: number, sized: boolean): number {
  return stream !== 0 ? errorCode.protocol : sized ? errorCode.none : errorCode.frameSize;
}

/** Bytes of padding, its length among them, in the payload of a DATA or HEADERS frame; undefined: more than there is. */
export function paddingOf(flags: number, bytes: Buffer, from: number, to: number): number | undefined {
  if ((flags & flag.padded) === 0) return 0;
  if (to === from) return undefined;
  const padding = 1 + (bytes[from] ?? 0);
  return padding > to - from ? undefined : padding;
}
