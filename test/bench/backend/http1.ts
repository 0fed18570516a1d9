import type { Socket } from "node:net";
import { bodySizes } from "../shape.ts";

const answers = new Map(
  Object.entries(bodySizes).map(([path, size]) => [
    path.charCodeAt(0),
    Buffer.concat([
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${size}\r\n\r\n`),
      Buffer.alloc(size, "x"),
    ]),
  ]),
);
const headEnd = "\r\n\r\n";
/** Of `GET /s HTTP/1.1`. */
const pathAt = 5;

/** Requests have no body here: each blank line is the end of one. */
export function serveHttp1(socket: Socket): void {
  let pending: Buffer | undefined;
  socket.on("data", (chunk: Buffer) => {
    const bytes = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
    let at = 0;
    for (let end = bytes.indexOf(headEnd, at); end >= 0; end = bytes.indexOf(headEnd, at)) {
      const answer = answers.get(bytes[at + pathAt] ?? 0);
      if (answer === undefined) throw new Error(`not a request of the benchmark: ${bytes.toString("latin1", at, end)}`);
      socket.write(answer);
      at = end + headEnd.length;
    }
    pending = at === bytes.length ? undefined : bytes.subarray(at);
  });
}
