import type { Socket } from "node:net";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Every byte that came, as text. */
  readonly raw: string;
}

/** Writes a request as it is and reads answers until the connection ends or `count` answers are complete. */
export async function exchange(socket: Socket, request: string | Buffer, method = "GET"): Promise<Answer> {
  socket.write(request);
  return readAnswer(socket, method);
}

/** Reads one complete answer; bytes behind it go back. */
export function readAnswer(socket: Socket, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const stop = (): void => {
      socket.off("data", onData);
      socket.off("end", onEnd);
      socket.off("close", onEnd);
      socket.off("error", onEnd);
    };
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const answer = parseAnswer(bytes, method, false);
      if (answer === undefined) return;
      stop();
      socket.pause();
      if (answer.next < bytes.length) socket.unshift(bytes.subarray(answer.next));
      resolve(answer.value);
    };
    const onEnd = (): void => {
      stop();
      const answer = parseAnswer(bytes, method, true);
      if (answer === undefined) reject(new Error(`closed after ${JSON.stringify(bytes.toString("latin1"))}`));
      else resolve(answer.value);
    };
    socket.on("data", onData);
    socket.on("end", onEnd);
    socket.on("close", onEnd);
    socket.on("error", onEnd);
    socket.resume();
  });
}

function parseAnswer(
  bytes: Buffer,
  method: string,
  ended: boolean,
): { readonly value: Answer; readonly next: number } | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [line = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const headers: Record<string, string> = {};
  for (const each of lines) {
    const colon = each.indexOf(":");
    headers[each.slice(0, colon).toLowerCase()] = each.slice(colon + 1).trim();
  }
  const status = Number(line.split(" ")[1]);
  const make = (body: Buffer, next: number): { value: Answer; next: number } => ({
    value: { status, headers, body: body.toString("latin1"), raw: bytes.toString("latin1", 0, next) },
    next,
  });
  const from = end + 4;
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return make(Buffer.alloc(0), from);
  const length = headers["content-length"];
  if (length !== undefined) {
    const to = from + Number(length);
    return bytes.length >= to ? make(bytes.subarray(from, to), to) : undefined;
  }
  if (headers["transfer-encoding"] === "chunked") {
    const parts: Buffer[] = [];
    let at = from;
    for (;;) {
      const lf = bytes.indexOf("\r\n", at);
      if (lf < 0) return undefined;
      const size = Number.parseInt(bytes.toString("latin1", at, lf), 16);
      const to = lf + 2 + size;
      if (bytes.length < to + 2) return undefined;
      if (size === 0) return make(Buffer.concat(parts), to + 2);
      parts.push(bytes.subarray(lf + 2, to));
      at = to + 2;
    }
  }
  return ended ? make(bytes.subarray(from), bytes.length) : undefined;
}

/** Everything that comes until the connection is over, and how it ended. */
export function readAll(socket: Socket): Promise<{ readonly bytes: Buffer; readonly error: string | undefined }> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let error: string | undefined;
    socket.on("data", (chunk: Buffer) => parts.push(chunk));
    socket.on("error", (fault: NodeJS.ErrnoException) => {
      error = fault.code ?? fault.message;
    });
    socket.on("end", () => {
      socket.end();
    });
    socket.on("close", () => {
      resolve({ bytes: Buffer.concat(parts), error });
    });
    socket.resume();
  });
}
