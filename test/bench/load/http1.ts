import type { Socket } from "node:net";
import { bodySizes } from "../shape.ts";
import { enter } from "./connection.ts";
import type { Order } from "./order.ts";
import type { Tally } from "./tally.ts";

const headEnd = "\r\n\r\n";
const success = Buffer.from("HTTP/1.1 200");

/** Closed loops of GET requests, one in flight per connection. The returned function stops them. */
export function loadHttp1(order: Order, tally: Tally, fail: (reason: string) => void): () => void {
  const { entry, shape } = order;
  const path = Object.entries(bodySizes).find(([, size]) => size === shape.bodyBytes)?.[0] ?? "s";
  const request = Buffer.from(
    `GET /${path} HTTP/1.1\r\nHost: ${entry.authority}\r\nUser-Agent: meshdev-bench\r\nAccept: */*\r\n\r\n`,
  );
  const each = shape.protocol === "http/1.1 connect";
  const sockets = new Set<Socket>();
  let over = false;

  function open(): void {
    let begun = performance.now();
    /** Bytes of body that are still to come; undefined while the head is. */
    let left: number | undefined;
    let pending: Buffer | undefined;
    const socket = enter(entry, request, onBytes, (reason) => {
      if (!over) fail(reason);
    });
    sockets.add(socket);

    function onBytes(chunk: Buffer): void {
      tally.received(chunk.length);
      if (left === undefined) onHead(chunk);
      else onBody(chunk.length);
    }

    function onHead(chunk: Buffer): void {
      const bytes = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
      const end = bytes.indexOf(headEnd);
      if (end < 0) {
        pending = Buffer.from(bytes);
        return;
      }
      pending = undefined;
      if (bytes.compare(success, 0, success.length, 0, success.length) !== 0) {
        fail(`not a success: ${bytes.toString("latin1", 0, Math.min(end, 200))}`);
        return;
      }
      left = shape.bodyBytes;
      onBody(bytes.length - end - headEnd.length);
    }

    function onBody(count: number): void {
      left = (left ?? 0) - count;
      if (left > 0) return;
      if (left < 0) {
        fail("more bytes than the answer has");
        return;
      }
      tally.answered(begun);
      left = undefined;
      if (over) return;
      if (each) {
        sockets.delete(socket);
        socket.removeAllListeners("end");
        socket.destroy();
        open();
        return;
      }
      begun = performance.now();
      socket.write(request);
    }
  }

  for (let n = 0; n < shape.connections; n += 1) open();
  return () => {
    over = true;
    for (const socket of sockets) socket.destroy();
  };
}
