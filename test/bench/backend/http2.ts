import type { Socket } from "node:net";
import {
  ack,
  endHeaders,
  endStream,
  frame,
  frameType,
  literal,
  opening,
  preface,
  readFrames,
} from "../http2-frames.ts";
import { bodySizes } from "../shape.ts";

const size = bodySizes.s;
const status200 = Buffer.from([0x88]);
const contentLength = 28;
const contentType = 31;
const initialWindow = 65_535;
const head = frame(
  frameType.headers,
  endHeaders,
  0,
  Buffer.concat([status200, literal(contentLength, String(size)), literal(contentType, "text/plain")]),
);
const template = Buffer.concat([head, frame(frameType.data, endStream, 0, Buffer.alloc(size, "x"))]);

/** HTTP/2 by prior knowledge: every stream gets the same small answer. Streams have room for it; the connection's window is kept. */
export function serveHttp2(socket: Socket): void {
  let window = initialWindow;
  let greeted = 0;
  const waiting: number[] = [];

  function answer(): void {
    const out: Buffer[] = [];
    while (window >= size) {
      const stream = waiting.shift();
      if (stream === undefined) break;
      const bytes = Buffer.from(template);
      bytes.writeUInt32BE(stream, 5);
      bytes.writeUInt32BE(stream, head.length + 5);
      out.push(bytes);
      window -= size;
    }
    if (out.length > 0) socket.write(out.length === 1 && out[0] !== undefined ? out[0] : Buffer.concat(out));
  }

  const read = readFrames(({ type, flags, stream, start, end }, bytes) => {
    if (type === frameType.headers && (flags & endStream) !== 0) waiting.push(stream);
    else if (type === frameType.windowUpdate && stream === 0) window += bytes.readUInt32BE(start);
    else if (type === frameType.settings && (flags & ack) === 0)
      socket.write(frame(frameType.settings, ack, 0, Buffer.alloc(0)));
    else if (type === frameType.ping && (flags & ack) === 0)
      socket.write(frame(frameType.ping, ack, 0, bytes.subarray(start, end)));
  });
  socket.write(opening());
  socket.on("data", (chunk: Buffer) => {
    const skipped = Math.min(chunk.length, preface.length - greeted);
    greeted += skipped;
    if (skipped < chunk.length) read(chunk.subarray(skipped));
    answer();
  });
}
