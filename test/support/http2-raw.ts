import { connect } from "node:net";
import type { Socket } from "node:net";
import { endHeaders, endStream, frame, frameType, preface, readFrames } from "../bench/http2-frames.ts";

type Field = readonly [name: string, value: string];

/** A header block of plain literals: nothing in it is ever indexed. */
export function headerBlock(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  const length = [Math.min(bytes.length, 127)];
  for (let left = bytes.length - 127; left >= 0; left = left < 128 ? -1 : Math.floor(left / 128))
    length.push(left < 128 ? left : (left % 128) + 128);
  return Buffer.concat([Buffer.from(length), bytes]);
}

export function get(path: string, more: readonly Field[] = []): readonly Field[] {
  return [[":method", "GET"], [":scheme", "http"], [":authority", "backend:8080"], [":path", path], ...more];
}

/** HEADERS, and CONTINUATION where it does not fit into one frame. */
export function headers(stream: number, fields: readonly Field[], end = true): Buffer {
  const block = headerBlock(fields);
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < block.length; at += 16_384) {
    const flags = (at === 0 && end ? endStream : 0) | (at + 16_384 >= block.length ? endHeaders : 0);
    parts.push(frame(at === 0 ? frameType.headers : 9, flags, stream, block.subarray(at, at + 16_384)));
  }
  return Buffer.concat(parts);
}

export const data = (stream: number, body: string | Buffer, end = true): Buffer =>
  frame(frameType.data, end ? endStream : 0, stream, Buffer.from(body));

export const settings = frame(frameType.settings, 0, 0, Buffer.alloc(0));

export interface RawHttp2 {
  readonly socket: Socket;
  readonly send: (...frames: readonly Buffer[]) => void;
  /** What came so far, without settings and window updates: `HEADERS 1`, `DATA 1 end`, `RST 1 2`, `GOAWAY 0 1`, at last `closed`. */
  readonly seen: readonly string[];
}

/** An HTTP/2 client that keeps no rules. */
export function openRaw(to: { readonly host: string; readonly port: number } | Socket): RawHttp2 {
  const socket = "write" in to ? to : connect(to);
  const seen: string[] = [];
  const take = readFrames((head, bytes) => {
    const name = ["DATA", "HEADERS", "", "RST", "", "", "PING", "GOAWAY"][head.type] ?? "";
    if (name === "") return;
    const code =
      name === "RST"
        ? ` ${bytes.readUInt32BE(head.start)}`
        : name === "GOAWAY"
          ? ` ${bytes.readUInt32BE(head.start + 4)}`
          : "";
    const end = (name === "DATA" || name === "HEADERS") && (head.flags & endStream) !== 0 ? " end" : "";
    seen.push(`${name} ${head.stream}${code}${end}`);
  });
  socket.on("data", take);
  socket.on("error", () => undefined);
  socket.on("close", () => seen.push("closed"));
  socket.write(Buffer.concat([preface, settings]));
  return { socket, seen, send: (...frames) => socket.write(Buffer.concat(frames)) };
}
