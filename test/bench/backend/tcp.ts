import type { Socket } from "node:net";
import { flood } from "../shape.ts";

const block = Buffer.alloc(256 * 1024, "x");
const first = flood.charCodeAt(0);

/** The first byte says what is wanted: bytes without end, or every byte back. */
export function serveTcp(socket: Socket): void {
  socket.once("data", (chunk: Buffer) => {
    if (chunk[0] !== first) {
      socket.write(chunk);
      socket.pipe(socket);
      return;
    }
    const pour = (): void => {
      while (socket.writable && socket.write(block));
    };
    socket.on("drain", pour);
    pour();
  });
}
