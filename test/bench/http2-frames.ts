/** Just enough HTTP/2 to send prepared frames and to count what comes back: no header is ever decoded. */
export const frameType = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 } as const;
export const endStream = 0x1;
export const endHeaders = 0x4;
export const ack = 0x1;

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

const headLength = 9;
const initialWindowSize = 4;
const maxConcurrentStreams = 3;
const wide = 0x3fff_ffff;

export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(headLength);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Settings and a connection window so wide that no run of the benchmark waits for credit from this side. */
export function opening(): Buffer {
  const settings = Buffer.alloc(12);
  settings.writeUInt16BE(initialWindowSize, 0);
  settings.writeUInt32BE(wide, 2);
  settings.writeUInt16BE(maxConcurrentStreams, 6);
  settings.writeUInt32BE(1000, 8);
  return Buffer.concat([frame(frameType.settings, 0, 0, settings), credit(wide)]);
}

/** More room on the whole connection. */
export function credit(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(frameType.windowUpdate, 0, 0, payload);
}

/** A header by its index in HPACK's static table (RFC 7541, appendix A) with a plain value, never added to the dynamic table. */
export function literal(index: number, value: string): Buffer {
  const name = index < 15 ? [index] : [15, index - 15];
  return Buffer.concat([Buffer.from([...name, value.length]), Buffer.from(value, "latin1")]);
}

export interface FrameHead {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  /** Where the payload lies in the bytes given to `onFrame`. */
  readonly start: number;
  readonly end: number;
}

/** Cuts a stream of bytes into frames; the returned function takes the next bytes. */
export function readFrames(onFrame: (head: FrameHead, bytes: Buffer) => void): (chunk: Buffer) => void {
  let pending: Buffer | undefined;
  return (chunk) => {
    const bytes = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
    let at = 0;
    while (bytes.length - at >= headLength) {
      const start = at + headLength;
      const end = start + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      onFrame(
        {
          type: bytes.readUInt8(at + 3),
          flags: bytes.readUInt8(at + 4),
          stream: bytes.readUInt32BE(at + 5) & 0x7fff_ffff,
          start,
          end,
        },
        bytes,
      );
      at = end;
    }
    // A copy: the chunk may be a buffer that is filled anew.
    pending = at === bytes.length ? undefined : Buffer.from(bytes.subarray(at));
  };
}
