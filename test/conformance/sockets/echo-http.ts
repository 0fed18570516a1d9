import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { constants, performServerHandshake, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { delayOf, type EchoAnswer, echoAnswer, type EchoRequest, isReset, told } from "./echo-answer.ts";

/** One connection of an application. */
export interface EchoPlace {
  readonly workload: string;
  readonly port: number;
  /** Notes a request; the returned function tells its body once that is complete. */
  readonly arrived: (request: EchoRequest) => (body: string) => void;
  /** Counts the tries of a request, from 1. */
  readonly attempt: (request: EchoRequest) => number;
  /** An answer's body that was sent. */
  readonly sent: (body: string) => void;
}

export interface EchoHttp {
  readonly http1: (socket: Duplex, place: EchoPlace) => void;
  readonly http2: (socket: Duplex, place: EchoPlace) => void;
}

/** HTTP as Node's own libraries speak it: they share nothing with the proxy's codecs. */
export function createEchoHttp(): EchoHttp {
  const places = new WeakMap<object, EchoPlace>();
  const server: Server = createServer(
    { maxHeaderSize: 1024 * 1024, keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 },
    serve,
  );
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    response.writeContinue();
    serve(request, response);
  });
  server.on("checkExpectation", (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(417, { "Content-Length": "0", Connection: "close" });
    response.end();
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    switchProtocol(request, socket, head);
  });
  server.on("clientError", (_error: Error, socket: Duplex) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  });

  function placeOf(request: IncomingMessage): EchoPlace {
    const found = places.get(request.socket);
    if (found === undefined) throw new Error("a request on a connection that no application accepted");
    return found;
  }

  function serve(message: IncomingMessage, response: ServerResponse): void {
    const place = placeOf(message);
    const request = requestOf(message);
    // The recordings' HTTP library refuses user information in Host, and Node's does not.
    if (request.host.includes("@")) {
      const text = "400 Bad Request: malformed Host header";
      message.socket.end(
        `HTTP/1.1 ${text.slice(0, 15)}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${text}`,
      );
      return;
    }
    answerWhole(place, request, message, {
      reset: () => {
        reset(message.socket);
      },
      send: ({ status, headers, body, grpcStatus }) => {
        if (response.destroyed) return;
        response.statusCode = status;
        for (const [name, value] of headers) response.appendHeader(name, value);
        if (grpcStatus !== undefined) {
          response.addTrailers({ "grpc-status": grpcStatus });
        }
        response.end(body);
      },
    });
  }

  function switchProtocol(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const place = placeOf(message);
    const request = requestOf(message);
    place.arrived(request);
    socket.on("error", () => socket.destroy());
    const wanted = told(request, "x-app-upgrade");
    if (wanted !== undefined) {
      const lines = [`Upgrade: ${wanted}`, "Connection: Upgrade", `X-App-Workload: ${place.workload}`];
      setTimeout(() => {
        socket.on("data", (chunk: Buffer) => socket.write(`echo:${chunk.toString("latin1")}`, "latin1"));
        socket.on("end", () => socket.end());
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
        if (head.length > 0) socket.write(`echo:${head.toString("latin1")}`, "latin1");
      }, delayOf(request));
      return;
    }
    // Not asked to switch: answered like any other request, by hand, because Node has let go of the connection.
    const { status, headers, body } = echoAnswer(place.workload, place.port, request, "", place.attempt(request));
    place.sent(body);
    const last = [["Content-Length", `${Buffer.byteLength(body)}`] as const, ["Connection", "close"] as const];
    const lines = [...headers, ...last].map(([name, value]) => `${name}: ${value}\r\n`).join("");
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n${lines}\r\n${body}`);
  }

  return {
    http1: (socket, place) => {
      places.set(socket, place);
      server.emit("connection", socket);
      socket.resume();
    },
    http2: (socket, place) => {
      const session = performServerHandshake(socket, { maxHeaderListPairs: 4096 });
      // Node waits for this on a TLS socket that no server of its own has accepted.
      if (socket instanceof TLSSocket) socket.emit("secureConnect");
      session.on("error", () => socket.destroy());
      session.on("stream", (stream, _headers, _flags, raw: readonly string[]) => {
        serveStream(place, stream, raw);
      });
    },
  };
}

function requestOf(message: IncomingMessage): EchoRequest {
  return {
    proto: `HTTP/${message.httpVersion}`,
    method: message.method ?? "",
    uri: message.url ?? "",
    host: message.headers.host ?? "",
    // Node gives one character per byte.
    headers: pairs(message.rawHeaders)
      .filter(([name]) => name !== "host")
      .map(([name, value]) => [name, Buffer.from(value, "latin1").toString("utf8")] as const),
  };
}

function pairs(raw: readonly string[]): readonly (readonly [string, string])[] {
  return raw.flatMap((name, at): readonly (readonly [string, string])[] =>
    at % 2 === 0 ? [[name.toLowerCase(), raw[at + 1] ?? ""]] : [],
  );
}

function serveStream(place: EchoPlace, stream: ServerHttp2Stream, raw: readonly string[]): void {
  stream.on("error", () => stream.destroy());
  const headers = pairs(raw);
  const pseudo = new Map(headers.filter(([name]) => name.startsWith(":")));
  const request: EchoRequest = {
    proto: "HTTP/2.0",
    method: pseudo.get(":method") ?? "",
    uri: pseudo.get(":path") ?? "",
    host: pseudo.get(":authority") ?? "",
    headers: headers.filter(([name]) => !name.startsWith(":")),
  };
  answerWhole(place, request, stream, {
    reset: () => {
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    },
    send: (answer) => {
      if (stream.destroyed) return;
      const fields: Record<string, string | string[]> = { ":status": `${answer.status}` };
      for (const [name, value] of answer.headers) fields[name] = [...[fields[name] ?? []].flat(), value];
      const { grpcStatus } = answer;
      stream.respond(fields, { waitForTrailers: grpcStatus !== undefined });
      stream.on("wantTrailers", () => {
        stream.sendTrailers({ "grpc-status": grpcStatus ?? "0" });
      });
      stream.end(answer.body);
    },
  });
}

/** Reads a request to its end, then answers as its headers ask. */
function answerWhole(
  place: EchoPlace,
  request: EchoRequest,
  body: NodeJS.ReadableStream,
  way: { readonly reset: () => void; readonly send: (answer: EchoAnswer) => void },
): void {
  const complete = place.arrived(request);
  const parts: Buffer[] = [];
  body.on("data", (chunk: Buffer) => parts.push(chunk));
  body.on("error", () => undefined);
  body.on("end", () => {
    const received = Buffer.concat(parts).toString("utf8");
    complete(received);
    const attempt = place.attempt(request);
    if (isReset(request, attempt)) {
      way.reset();
      return;
    }
    const answer = echoAnswer(place.workload, place.port, request, received, attempt);
    if (answer.grpcStatus === undefined) place.sent(answer.body);
    const delay = delayOf(request);
    if (delay === 0) way.send(answer);
    else setTimeout(way.send, delay, answer);
  });
}

/** Only TCP knows resets; who reads a Unix socket that is gone sees its end. */
function reset(socket: Duplex): void {
  if (socket instanceof Socket && socket.remoteFamily !== undefined) socket.resetAndDestroy();
  else socket.destroy();
}
