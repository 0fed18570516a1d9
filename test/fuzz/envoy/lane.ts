import { once } from "node:events";
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from "node:net";

/** A request as an application received it, byte for byte. */
export interface Arrived {
  readonly head: string;
  body: string;
  complete: boolean;
}

/** What one connection through a proxy came to. */
export interface Outcome {
  /** What the application received, in order. */
  readonly arrived: readonly Arrived[];
  /** What the caller received, one character per byte. */
  readonly received: string;
  /** Whether the proxy ended the connection. */
  readonly closed: boolean;
  /** The caller's own port. */
  readonly port: number;
}

/** An application of bytes: it reads what a proxy sends in its own simple way, and answers each request as it is told. */
export interface RawApp {
  readonly arrived: Arrived[];
  answer: { readonly bytes: Buffer; readonly end: boolean };
  /** Milliseconds since something happened. */
  readonly quietFor: () => number;
  readonly close: () => Promise<void>;
}

const ok = { bytes: Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), end: false };

export async function createRawApp(path: string): Promise<RawApp> {
  let last = performance.now();
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    let text = "";
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("data", (chunk: Buffer) => {
      last = performance.now();
      text += chunk.toString("latin1");
      for (;;) {
        const one = readOne(text);
        if (one === undefined) return;
        if (text !== "" && open === undefined) {
          open = { head: one.head, body: "", complete: false };
          app.arrived.push(open);
        }
        if (open === undefined) return;
        open.body = one.body;
        if (one.next === undefined) return;
        open.complete = true;
        open = undefined;
        text = text.slice(one.next);
        socket.write(app.answer.bytes);
        if (app.answer.end) socket.end();
      }
    });
    let open: Arrived | undefined;
  });
  server.listen(path);
  await once(server, "listening");
  const app: RawApp = {
    arrived: [],
    answer: ok,
    quietFor: () => performance.now() - last,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return app;
}

/** The first request of the text, as an application of the simplest kind would read it; `next` is undefined while its body is not whole. */
function readOne(
  text: string,
): { readonly head: string; readonly body: string; readonly next: number | undefined } | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end + 4);
  const from = end + 4;
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1];
  if (/\r\ntransfer-encoding: *chunked\r\n/i.test(head)) return readChunked(text, head, from);
  const size = Number(length ?? 0);
  const body = text.slice(from, from + size);
  return { head, body, next: body.length === size ? from + size : undefined };
}

function readChunked(
  text: string,
  head: string,
  from: number,
): { head: string; body: string; next: number | undefined } {
  let body = "";
  for (let at = from; ;) {
    const end = text.indexOf("\r\n", at);
    if (end < 0) return { head, body, next: undefined };
    const size = Number.parseInt(text.slice(at, end), 16);
    const data = text.slice(end + 2, end + 2 + size);
    body += data;
    if (text.length < end + 4 + size) return { head, body, next: undefined };
    at = end + 4 + size;
    if (size === 0) return { head, body, next: at };
  }
}

/** Sends the bytes on a connection of their own and waits until nothing more happens. */
export async function ask(to: NetConnectOpts, app: RawApp, bytes: Buffer, quietMs: number): Promise<Outcome> {
  const from = app.arrived.length;
  const socket = connect({ ...to, allowHalfOpen: true });
  await once(socket, "connect");
  const port = socket.localPort ?? 0;
  let received = "";
  let closed = false;
  let last = performance.now();
  const seen = (): void => {
    last = performance.now();
  };
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
    seen();
  });
  socket.on("error", seen);
  for (const event of ["end", "close"]) {
    socket.on(event, () => {
      closed = true;
      seen();
    });
  }
  socket.write(bytes);
  while (Math.min(performance.now() - last, app.quietFor()) < quietMs) await new Promise((next) => setTimeout(next, 5));
  socket.destroy();
  return { arrived: app.arrived.slice(from), received, closed, port };
}
