import type { Socket } from "node:net";
import { flood } from "../shape.ts";
import { enter } from "./connection.ts";
import type { Order } from "./order.ts";
import type { Tally } from "./tally.ts";

/** Swallows what a server pours. The returned function stops it. */
export function loadTcp(order: Order, tally: Tally, fail: (reason: string) => void): () => void {
  let over = false;
  const sockets = Array.from({ length: order.shape.connections }, () =>
    enter(
      order.entry,
      Buffer.from(flood),
      (chunk) => {
        tally.received(chunk.length);
      },
      (reason) => {
        if (!over) fail(reason);
      },
    ),
  );
  return () => {
    over = true;
    for (const socket of sockets) socket.destroy();
  };
}

/** A connection, a few bytes there and back, its end; then the next. */
export function loadTcpConnections(order: Order, tally: Tally, fail: (reason: string) => void): () => void {
  const { entry, shape } = order;
  const bytes = Buffer.alloc(shape.bodyBytes, "e");
  const sockets = new Set<Socket>();
  let over = false;

  function open(): void {
    const begun = performance.now();
    let left = bytes.length;
    const socket = enter(
      entry,
      bytes,
      (chunk) => {
        tally.received(chunk.length);
        left -= chunk.length;
        if (left > 0) return;
        tally.answered(begun);
        sockets.delete(socket);
        socket.removeAllListeners("end");
        socket.destroy();
        if (!over) open();
      },
      (reason) => {
        if (!over) fail(reason);
      },
    );
    sockets.add(socket);
  }

  for (let n = 0; n < shape.connections; n += 1) open();
  return () => {
    over = true;
    for (const socket of sockets) socket.destroy();
  };
}
