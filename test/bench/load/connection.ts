import { createConnection, type Socket } from "node:net";
import type { Entry } from "./order.ts";

/** A connection into a chain. `onBytes` gets a buffer that is filled anew by the next bytes. */
export function enter(
  entry: Entry,
  first: Buffer,
  onBytes: (bytes: Buffer) => void,
  onFailed: (reason: string) => void,
): Socket {
  const buffer = Buffer.allocUnsafe(256 * 1024);
  const socket = createConnection({
    path: entry.path,
    onread: {
      buffer,
      callback: (count, bytes) => {
        onBytes((bytes as Buffer).subarray(0, count));
        return true;
      },
    },
  });
  socket.on("error", (error) => {
    onFailed(error.message);
  });
  socket.on("end", () => {
    onFailed("the chain ended a connection");
  });
  const preamble = Buffer.from(entry.preamble, "base64");
  socket.write(preamble.length === 0 ? first : Buffer.concat([preamble, first]));
  return socket;
}
