import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Duplex } from "node:stream";

/** What node:http understood of one request. */
export interface NodeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** Whether the end of the body came. */
  readonly complete: boolean;
}

export interface NodeReading {
  readonly requests: readonly NodeRequest[];
  /** Code of the parser's error, `upgrade` where bytes stop to be HTTP, or undefined. */
  readonly end: string | undefined;
}

export interface NodeReader {
  /** Reads the bytes of many connections, each in one piece and then its end. */
  readonly read: (inputs: readonly Buffer[]) => Promise<readonly NodeReading[]>;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Node's own HTTP/1 parser in its strict mode, fed through a stream in this process. */
export function createNodeReader(): NodeReader {
  const readings = new Map<Duplex, { requests: Mutable<NodeRequest>[]; end: string | undefined }>();
  const server = createServer(
    { insecureHTTPParser: false, requireHostHeader: false, connectionsCheckingInterval: 2 ** 30 },
    hear,
  );
  // Without these, node:http would answer some expectations, and keep upgrades, itself.
  server.on("checkContinue", hear).on("checkExpectation", hear);
  stopAt(server, "upgrade");
  stopAt(server, "connect");
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const reading = readings.get(socket);
    // Not destroyed yet: requests before the error are still being delivered.
    if (reading !== undefined) reading.end ??= error.code ?? error.message;
  });

  function record(request: IncomingMessage): Mutable<NodeRequest> | undefined {
    const { method = "", url = "", rawHeaders } = request;
    const one = { method, url, headers: pairs(rawHeaders), body: "", complete: false };
    readings.get(request.socket)?.requests.push(one);
    return one;
  }

  function stopAt(from: Server, event: "upgrade" | "connect"): void {
    from.on(event, (request: IncomingMessage, socket: Duplex) => {
      record(request);
      const reading = readings.get(socket);
      if (reading !== undefined) reading.end ??= "upgrade";
      socket.destroy();
    });
  }

  function hear(request: IncomingMessage, response: ServerResponse): void {
    const one = record(request);
    request.on("data", (chunk: Buffer) => {
      if (one !== undefined) one.body += chunk.toString("latin1");
    });
    request.on("end", () => {
      if (one !== undefined) one.complete = true;
      response.end();
    });
    request.on("error", () => undefined);
  }

  async function read(inputs: readonly Buffer[]): Promise<readonly NodeReading[]> {
    const streams = inputs.map((bytes) => {
      const stream = new Duplex({
        read: () => undefined,
        write: (_, __, done) => {
          done();
        },
      });
      stream.on("error", () => undefined);
      readings.set(stream, { requests: [], end: undefined });
      server.emit("connection", stream);
      stream.push(bytes);
      return stream;
    });
    for (let turn = 0; turn < 4; turn += 1) await new Promise((next) => setImmediate(next));
    return streams.map((stream) => {
      const reading = readings.get(stream);
      readings.delete(stream);
      stream.destroy();
      return { requests: reading?.requests ?? [], end: reading?.end };
    });
  }

  return { read };
}

function pairs(raw: readonly string[]): readonly (readonly [string, string])[] {
  return Array.from({ length: raw.length / 2 }, (_, at) => [raw[2 * at] ?? "", raw[2 * at + 1] ?? ""] as const);
}
