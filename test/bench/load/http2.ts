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
import { enter } from "./connection.ts";
import type { Order } from "./order.ts";
import type { Tally } from "./tally.ts";

const methodGet = 0x82;
const schemeHttp = 0x86;
const authority = 1;
const path = 4;
const accept = 19;
const userAgent = 58;

/** Closed loops of GET streams with prior knowledge. The returned function stops them. */
export function loadHttp2(order: Order, tally: Tally, fail: (reason: string) => void): () => void {
  const { entry, shape } = order;
  const request = frame(
    frameType.headers,
    endHeaders | endStream,
    0,
    Buffer.concat([
      Buffer.from([methodGet, schemeHttp]),
      literal(path, "/s"),
      literal(authority, entry.authority),
      literal(userAgent, "meshdev-bench"),
      literal(accept, "*/*"),
    ]),
  );
  const sockets: Socket[] = [];
  let over = false;

  function open(): void {
    const begun = new Map<number, number>();
    let next = 1;
    let out: Buffer[] = [];

    function ask(): void {
      const bytes = Buffer.from(request);
      bytes.writeUInt32BE(next, 5);
      begun.set(next, performance.now());
      next += 2;
      out.push(bytes);
    }

    const read = readFrames(({ type, flags, stream, start, end }, bytes) => {
      if (type === frameType.settings && (flags & ack) === 0)
        out.push(frame(frameType.settings, ack, 0, Buffer.alloc(0)));
      else if (type === frameType.ping && (flags & ack) === 0)
        out.push(frame(frameType.ping, ack, 0, bytes.subarray(start, end)));
      else if (type === frameType.reset || type === frameType.goaway)
        fail(`the chain ended ${type === frameType.reset ? "a stream" : "the connection"}`);
      else if (type === frameType.headers && stream === 1 && bytes[start] !== 0x88 && (bytes[start] ?? 0) >> 5 !== 1)
        fail("not a success");
      if ((type !== frameType.data && type !== frameType.headers) || (flags & endStream) === 0) return;
      const at = begun.get(stream);
      if (at === undefined) return;
      begun.delete(stream);
      tally.answered(at);
      if (!over) ask();
    });
    for (let n = 0; n < shape.streams; n += 1) ask();
    const socket = enter(
      entry,
      Buffer.concat([preface, opening(), ...out]),
      (chunk) => {
        tally.received(chunk.length);
        read(chunk);
        if (out.length > 0) socket.write(Buffer.concat(out));
        out = [];
      },
      (reason) => {
        if (!over) fail(reason);
      },
    );
    out = [];
    sockets.push(socket);
  }

  for (let n = 0; n < shape.connections; n += 1) open();
  return () => {
    over = true;
    for (const socket of sockets) socket.destroy();
  };
}
