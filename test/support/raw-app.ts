import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** A request as an application received it, byte for byte. */
export interface Arrived {
  readonly head: string;
  readonly body: string;
  readonly complete: boolean;
}

/** An application of bytes: it reads what a proxy sends in its own simple way, and keeps all of it. */
export interface RawApp {
  readonly arrived: readonly Arrived[];
  /** The bytes of the complete requests of each connection, one character per byte. */
  readonly streams: readonly string[];
  /** What to do with a complete request; the usual answer is a 200 of two bytes. */
  answer: (request: Arrived, socket: Socket) => void;
  /** Writes to the connection on which something came last, whether a request is complete there or not. */
  readonly answerNow: (text: string) => void;
  /** Milliseconds since something came. */
  readonly quietFor: () => number;
  readonly close: () => Promise<void>;
}

export const usualAnswer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

type Growing = { -readonly [Key in keyof Arrived]: Arrived[Key] };

export async function createRawApp(path: string): Promise<RawApp> {
  let last = performance.now();
  const arrived: Arrived[] = [];
  const streams: string[] = [];
  const sockets = new Set<Socket>();
  let latest: Socket | undefined;

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const place = streams.push("") - 1;
    let text = "";
    let open: Growing | undefined;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("data", (chunk: Buffer) => {
      last = performance.now();
      latest = socket;
      text += chunk.toString("latin1");
      for (let one = readOne(text); one !== undefined; one = readOne(text)) {
        if (open === undefined) {
          open = { head: one.head, body: "", complete: false };
          arrived.push(open);
        }
        open.body = one.body;
        if (one.next === undefined) return;
        open.complete = true;
        streams[place] += text.slice(0, one.next);
        text = text.slice(one.next);
        const whole = open;
        open = undefined;
        app.answer(whole, socket);
      }
    });
  });
  server.listen(path);
  await once(server, "listening");
  const app: RawApp = {
    arrived,
    streams,
    answer: (_, socket) => {
      socket.write(usualAnswer);
    },
    answerNow: (text) => {
      latest?.write(text);
    },
    quietFor: () => performance.now() - last,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return app;
}

interface One {
  readonly head: string;
  readonly body: string;
  /** Undefined while the body is not whole. */
  readonly next: number | undefined;
}

/** The first request of the text, as an application of the simplest kind reads it. */
function readOne(text: string): One | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end + 4);
  const from = end + 4;
  if (/\r\ntransfer-encoding: *chunked\r\n/i.test(head)) return readChunked(text, head, from);
  const size = Number(/\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1] ?? 0);
  const body = text.slice(from, from + size);
  return { head, body, next: body.length === size ? from + size : undefined };
}

function readChunked(text: string, head: string, from: number): One {
  let body = "";
  for (let at = from; ;) {
    const end = text.indexOf("\r\n", at);
    if (end < 0) return { head, body, next: undefined };
    const size = Number.parseInt(text.slice(at, end), 16);
    body += text.slice(end + 2, end + 2 + size);
    if (text.length < end + 4 + size) return { head, body, next: undefined };
    at = end + 4 + size;
    if (size === 0) return { head, body, next: at };
  }
}
