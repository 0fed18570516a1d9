import type { Socket } from "node:net";

export interface Patience {
  /** How the end of an answer is known: an HTTP message is complete, a line is there, or nothing more comes. */
  readonly until: "http" | "line" | "quiet";
  /** Method of the request: an answer to HEAD has no body. */
  readonly method: string;
  readonly firstByteMs: number;
  /** With `quiet`: silence that ends an answer. */
  readonly quietMs: number;
}

/** What came back. */
export type Received =
  | {
      readonly kind: "http";
      /** Of the last head. */
      readonly status: number;
      /** Lower-case names. */
      readonly headers: readonly (readonly [string, string])[];
      readonly body: string;
      readonly interim: readonly number[];
      /** What came behind the answer: a tunnel's bytes, or further answers. */
      readonly rest: Buffer;
    }
  | { readonly kind: "bytes"; readonly text: string };

type Ended = "complete" | "end" | "timeout";

export type ReadResult =
  | { readonly received: Received | undefined; readonly ended: Ended }
  | { readonly received: Received | undefined; readonly ended: "error"; readonly error: NodeJS.ErrnoException };

/** Sends, and reads what comes back as the recordings' client would. */
export async function readAnswer(socket: Socket, sends: readonly Buffer[], patience: Patience): Promise<ReadResult> {
  let bytes: Buffer = Buffer.alloc(0);
  const [first, ...rest] = sends;
  if (first !== undefined) socket.write(first);
  for (let lines = 1; ; lines += 1) {
    const ended = await readMore(
      socket,
      (chunk) => {
        bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
        return isComplete(bytes, patience, lines);
      },
      patience,
    );
    const next = rest.shift();
    if (ended.ended === "complete" && next !== undefined) {
      socket.write(next);
      continue;
    }
    return { ...ended, received: bytes.length === 0 ? undefined : interpret(bytes, patience.method) };
  }
}

function isComplete(bytes: Buffer, patience: Patience, lines: number): boolean {
  switch (patience.until) {
    case "quiet":
      return false;
    case "line":
      return bytes.toString("latin1").split("\n").length > lines;
    case "http":
      // An answer that is not HTTP ends with its line.
      if (bytes.length >= 5 && bytes.toString("latin1", 0, 5) !== "HTTP/") return bytes.includes(10);
      return parseHttp(bytes, patience.method)?.complete === true;
  }
}

type Stopped = { readonly ended: Ended } | { readonly ended: "error"; readonly error: NodeJS.ErrnoException };

/** Reads until `take` has enough, the connection ends, or patience does. */
function readMore(socket: Socket, take: (chunk: Buffer) => boolean, patience: Patience): Promise<Stopped> {
  return new Promise((resolve) => {
    let any = false;
    let timer = setTimeout(stop, patience.firstByteMs, { ended: "timeout" });
    function stop(result: Stopped): void {
      clearTimeout(timer);
      socket.off("data", onData);
      socket.off("end", onEnd);
      socket.off("close", onEnd);
      socket.off("error", onError);
      socket.pause();
      resolve(result);
    }
    function onData(chunk: Buffer): void {
      const enough = take(chunk);
      if (enough) stop({ ended: "complete" });
      else if (!any || patience.until === "quiet") {
        any = true;
        clearTimeout(timer);
        timer = setTimeout(
          stop,
          patience.until === "quiet" ? patience.quietMs : patience.firstByteMs,
          patience.until === "quiet" ? { ended: "complete" } : { ended: "timeout" },
        );
      }
    }
    function onEnd(): void {
      stop({ ended: "end" });
    }
    function onError(error: NodeJS.ErrnoException): void {
      stop({ ended: "error", error });
    }
    if (socket.destroyed || socket.readableEnded) {
      onEnd();
      return;
    }
    socket.on("data", onData);
    socket.on("end", onEnd);
    socket.on("close", onEnd);
    socket.on("error", onError);
    socket.resume();
  });
}

/** Reads HTTP out of bytes that are known to begin with it. */
export function furtherAnswers(bytes: Buffer, method: string): readonly Extract<Received, { kind: "http" }>[] {
  const parsed = bytes.toString("latin1", 0, 5) === "HTTP/" ? parseHttp(bytes, method) : undefined;
  return parsed === undefined ? [] : [parsed.received, ...furtherAnswers(parsed.received.rest, method)];
}

function interpret(bytes: Buffer, method: string): Received {
  const http = bytes.toString("latin1", 0, 5) === "HTTP/" ? parseHttp(bytes, method) : undefined;
  return http === undefined ? { kind: "bytes", text: bytes.toString("utf8") } : http.received;
}

interface ParsedHttp {
  readonly received: Extract<Received, { kind: "http" }>;
  readonly complete: boolean;
}

/** A plain reading of an HTTP/1 answer: the client of the tests shall not share the proxy's own parser. */
function parseHttp(bytes: Buffer, method: string): ParsedHttp | undefined {
  const interim: number[] = [];
  for (let from = 0; ;) {
    const end = bytes.indexOf("\r\n\r\n", from);
    if (end < 0) return undefined;
    const [line = "", ...lines] = bytes.toString("latin1", from, end).split("\r\n");
    const status = Number(line.split(" ")[1]);
    const headers = lines.map((each): readonly [string, string] => {
      const colon = each.indexOf(":");
      return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()];
    });
    from = end + 4;
    if (status >= 100 && status < 200 && status !== 101) {
      interim.push(status);
      if (bytes.length > from) continue;
    }
    const { body, complete, to } = bodyOf(bytes, from, status, headers, method);
    const received = { kind: "http", status, headers, body, interim, rest: bytes.subarray(to) } as const;
    return { received, complete: complete && status !== 100 };
  }
}

function bodyOf(
  bytes: Buffer,
  from: number,
  status: number,
  headers: readonly (readonly [string, string])[],
  method: string,
): { readonly body: string; readonly complete: boolean; readonly to: number } {
  if (method === "HEAD" || status === 204 || status === 304 || status < 200)
    return { body: "", complete: true, to: from };
  const value = (name: string): string | undefined => headers.find(([each]) => each === name)?.[1];
  const length = value("content-length");
  if (length !== undefined) {
    const to = from + Number(length);
    return { body: bytes.toString("utf8", from, to), complete: bytes.length >= to, to };
  }
  if (value("transfer-encoding")?.toLowerCase() !== "chunked")
    return { body: bytes.toString("utf8", from), complete: false, to: bytes.length };
  const parts: Buffer[] = [];
  for (let at = from; ;) {
    const lf = bytes.indexOf("\r\n", at);
    const size = lf < 0 ? Number.NaN : Number.parseInt(bytes.toString("latin1", at, lf), 16);
    if (Number.isNaN(size) || size === 0 || bytes.length < lf + 4 + size) {
      // Behind the last chunk come trailers, then a blank line.
      const last = size === 0 ? bytes.indexOf("\r\n\r\n", lf) : -1;
      const to = last < 0 ? bytes.length : last + 4;
      return { body: Buffer.concat(parts).toString("utf8"), complete: last >= 0, to };
    }
    parts.push(bytes.subarray(lf + 2, lf + 2 + size));
    at = lf + 4 + size;
  }
}
