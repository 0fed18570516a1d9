import { createServer as createHttpServer, STATUS_CODES } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2Server } from "node:http2";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { rmSync } from "node:fs";
import type { Hit } from "../../../runtime/predict/trace.ts";
import { parseClientHello } from "../../../runtime/wire/client-hello.ts";
import type { KeyPair } from "./certificates.ts";

/** What an application of the recordings does with one of its ports. */
export interface EchoPort {
  readonly workload: string;
  readonly port: number;
  /** `""`, `auto`, `tcp` or `serverFirst`; see the conformance README. */
  readonly mode: string;
  readonly at: { readonly path: string } | { readonly host: string; readonly port: number };
}

/** The echo applications of a case, as real servers. */
export interface EchoApps extends AsyncDisposable {
  /** Serves exactly these ports from now on; connections of before are closed. */
  readonly serve: (ports: readonly EchoPort[]) => Promise<void>;
  /** What reached an application since it was asked last. */
  readonly takeHits: () => readonly Hit[];
  /** Ends every open connection. */
  readonly hangUp: () => void;
  /** Whether an application sent this as its body. */
  readonly isEcho: (body: string) => boolean;
}

type MutableHit = { -readonly [K in keyof Hit]: Hit[K] };

interface Accepted {
  readonly at: EchoPort;
  readonly sni: string | undefined;
}

interface Waiting {
  readonly unix: boolean;
  readonly key: string;
  readonly server: NetServer;
}

export function createEchoApps(certificateFor: (name: string) => Promise<KeyPair>): EchoApps {
  let hits: MutableHit[] = [];
  let attempts = new Map<string, number>();
  const accepted = new WeakMap<object, Accepted>();
  const open = new Set<Socket>();
  const listening = new Map<string, Waiting & { at: EchoPort }>();
  const bodies = new Set<string>();
  const contexts = new Map<string, Promise<SecureContext>>();

  const http: Server = createHttpServer(
    { maxHeaderSize: 1024 * 1024, keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 },
    answer,
  );
  http.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    // As the recordings' library: the body is asked for when somebody reads it.
    response.writeContinue();
    answer(request, response);
  });
  http.on("checkExpectation", (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(417, { "Content-Length": "0", Connection: "close" });
    response.end();
  });
  http.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    upgrade(request, socket, head);
  });
  http.on("clientError", (_error: Error, socket: Socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  });
  const http2: Http2Server = createHttp2Server({ maxHeaderListPairs: 4096 });
  http2.on("sessionError", () => undefined);

  function note(where: Accepted, hit: Omit<MutableHit, "workload" | "port">): MutableHit {
    const made: MutableHit = { workload: where.at.workload, port: where.at.port, ...hit };
    if (where.sni !== undefined) made.sni = where.sni;
    hits.push(made);
    return made;
  }

  function accept(at: EchoPort, socket: Socket): void {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    const where: Accepted = { at, sni: undefined };
    switch (at.mode) {
      case "serverFirst":
        socket.write(`${JSON.stringify({ workload: at.workload, port: at.port, greeting: "hello" })}\n`);
        echo(where, socket);
        return;
      case "tcp":
        echo(where, socket);
        return;
      default:
        sniff(where, socket);
    }
  }

  /** The first bytes decide, as in the recordings: HTTP, TLS, or anything else. */
  function sniff(where: Accepted, socket: Socket): void {
    socket.once("data", (chunk: Buffer) => {
      socket.pause();
      socket.unshift(chunk);
      const text = chunk.toString("latin1", 0, 24);
      if (chunk[0] === 0x16 && where.sni === undefined) {
        if (where.at.mode === "auto") void secure(where, socket, chunk);
        else socket.end("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
      } else if (text.startsWith("PRI * HTTP/2.0")) {
        accepted.set(socket, where);
        http2.emit("connection", socket);
      } else if (/^[A-Z]+ /.test(text)) {
        accepted.set(socket, where);
        http.emit("connection", socket);
        socket.resume();
      } else echo(where, socket);
    });
    socket.resume();
  }

  async function secure(where: Accepted, raw: Socket, first: Buffer): Promise<void> {
    const hello = parseClientHello(first);
    const sni = hello.kind === "hello" ? hello.sni : undefined;
    const name = sni ?? where.at.workload;
    let context = contexts.get(name);
    if (context === undefined) {
      context = certificateFor(name).then(({ chain, key }) => createSecureContext({ cert: chain, key }));
      contexts.set(name, context);
    }
    const socket = new TLSSocket(raw, {
      isServer: true,
      secureContext: await context,
      ALPNProtocols: ["h2", "http/1.1"],
    });
    socket.on("error", () => raw.destroy());
    const inside: Accepted = { at: where.at, sni: sni ?? "" };
    socket.on("secure", () => {
      if (socket.alpnProtocol === "h2") {
        accepted.set(socket, inside);
        http2.emit("connection", socket);
      } else sniff(inside, socket);
    });
  }

  function echo(where: Accepted, socket: Socket): void {
    let hit: MutableHit | undefined;
    socket.on("data", (chunk: Buffer) => {
      const text = chunk.toString("utf8");
      if (hit === undefined) hit = note(where, { kind: "tcp", data: text });
      else hit.data = `${hit.data ?? ""}${text}`;
      socket.write(`${JSON.stringify({ workload: where.at.workload, port: where.at.port, echo: text })}\n`);
    });
    socket.on("end", () => socket.end());
    socket.resume();
  }

  function whereOf(request: IncomingMessage): Accepted {
    const found = accepted.get(request.socket);
    if (found === undefined) throw new Error("a request on a connection that no application accepted");
    return found;
  }

  function noteRequest(request: IncomingMessage): MutableHit {
    const headers: (readonly [string, string])[] = [];
    for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
      const name = request.rawHeaders[at]?.toLowerCase() ?? "";
      if (name !== "host") headers.push([name, request.rawHeaders[at + 1] ?? ""]);
    }
    return note(whereOf(request), {
      kind: "http",
      proto: request.httpVersionMajor === 2 ? "HTTP/2.0" : `HTTP/${request.httpVersion}`,
      method: request.method ?? "",
      uri: request.url ?? "",
      host: request.headers.host ?? "",
      headers,
      body: "",
    });
  }

  function upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const hit = noteRequest(request);
    const where = whereOf(request);
    const wanted = request.headers["x-app-upgrade"];
    if (wanted !== undefined) {
      const lines = ["HTTP/1.1 101 Switching Protocols", `Upgrade: ${String(wanted)}`, "Connection: Upgrade"];
      const switched = `${[...lines, `X-App-Workload: ${where.at.workload}`].join("\r\n")}\r\n\r\n`;
      after(request, () => {
        socket.on("data", (chunk: Buffer) => socket.write(`echo:${chunk.toString("latin1")}`, "latin1"));
        socket.on("end", () => socket.end());
        socket.on("error", () => socket.destroy());
        socket.write(switched);
        if (head.length > 0) socket.write(`echo:${head.toString("latin1")}`, "latin1");
      });
      return;
    }
    // Not asked to switch: answered like any other request, by hand, because Node has let go of the connection.
    const { status, headers, body } = compose(where, hit, request, nextAttempt(request));
    const lines = [
      ...headers,
      ["Content-Length", `${Buffer.byteLength(body)}`] as const,
      ["Connection", "close"] as const,
    ];
    const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n${text}\r\n${body}`);
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const hit = noteRequest(request);
    const where = whereOf(request);
    const parts: Buffer[] = [];
    request.on("data", (chunk: Buffer) => parts.push(chunk));
    request.on("error", () => undefined);
    request.on("end", () => {
      hit.body = Buffer.concat(parts).toString("utf8");
      const attempt = nextAttempt(request);
      if (resets(request, attempt)) {
        reset(request.socket);
        return;
      }
      after(request, () => {
        if (response.destroyed) return;
        const { status, headers, body } = compose(where, hit, request, attempt);
        response.statusCode = status;
        for (const [name, value] of headers) response.appendHeader(name, value);
        response.end(body);
      });
    });
  }

  /** Attempts are counted per request of the caller, which `x-case-id` or the request id tells apart. */
  function nextAttempt(request: IncomingMessage): number {
    const id = String(request.headers["x-request-id"] ?? request.headers["x-case-id"] ?? "");
    const attempt = (attempts.get(id) ?? 0) + 1;
    attempts.set(id, attempt);
    return attempt;
  }

  function compose(where: Accepted, hit: MutableHit, request: IncomingMessage, attempt: number): Composed {
    const statuses = text(request, "x-app-status", "200")
      .split(",")
      .map((each) => Number(each.trim()));
    const added = text(request, "x-app-headers", "")
      .split(";")
      .flatMap((pair): readonly (readonly [string, string])[] => {
        const at = pair.indexOf("=");
        return at > 0 ? [[pair.slice(0, at), pair.slice(at + 1)]] : [];
      });
    const { method, uri, host } = hit;
    const body = JSON.stringify({
      workload: where.at.workload,
      port: where.at.port,
      method,
      uri,
      host,
      body: hit.body,
    });
    bodies.add(body);
    const status = statuses[Math.min(attempt, statuses.length) - 1] ?? 200;
    return {
      status,
      // The recordings' library says nothing of a body that a status forbids.
      headers: [...(status === 304 ? [] : [contentType]), ["X-App-Workload", where.at.workload], ...added],
      body,
    };
  }

  async function listen(at: EchoPort, key: string): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      accept(listening.get(key)?.at ?? at, socket);
    });
    listening.set(key, { unix: "path" in at.at, key, server, at });
    if ("path" in at.at) rmSync(at.at.path, { force: true });
    await listenPatiently(server, at.at);
  }

  async function stop(entry: Waiting): Promise<void> {
    listening.delete(entry.key);
    await new Promise<void>((done) => {
      entry.server.close(() => {
        done();
      });
    });
  }

  return {
    serve: async (ports) => {
      for (const socket of open) socket.destroy();
      attempts = new Map();
      hits = [];
      bodies.clear();
      const wanted = new Map(ports.map((port) => [JSON.stringify(port.at), port] as const));
      await Promise.all([...listening.values()].filter(({ key }) => !wanted.has(key)).map(stop));
      await Promise.all(
        [...wanted].map(async ([key, port]) => {
          const entry = listening.get(key);
          if (entry === undefined) await listen(port, key);
          else entry.at = port;
        }),
      );
    },
    takeHits: () => {
      const taken = hits;
      hits = [];
      return taken;
    },
    hangUp: () => {
      for (const socket of open) socket.destroy();
    },
    isEcho: (body) => bodies.has(body),
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await Promise.all([...listening.values()].map(stop));
    },
  };
}

const contentType = ["Content-Type", "application/json"] as const;

interface Composed {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

function text(request: IncomingMessage, name: string, otherwise: string): string {
  const value = request.headers[name];
  return value === undefined ? otherwise : String(value);
}

/** `x-app-delay` */
function after(request: IncomingMessage, then: () => void): void {
  const delay = /^(\d+)(ms|s)$/.exec(text(request, "x-app-delay", ""));
  const ms = delay === null ? 0 : Number(delay[1]) * (delay[2] === "s" ? 1000 : 1);
  if (ms === 0) then();
  else setTimeout(then, ms);
}

/** Only TCP knows resets; who reads a Unix socket that is gone sees its end. */
function reset(socket: Socket): void {
  if (socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

/** `x-app-reset`: how many attempts end without an answer. */
function resets(request: IncomingMessage, attempt: number): boolean {
  const wanted = request.headers["x-app-reset"];
  return wanted === "true" || (wanted !== undefined && attempt <= Number(wanted));
}

/** An address that a sidecar held in the case before may stay taken for a moment. */
async function listenPatiently(server: NetServer, at: EchoPort["at"]): Promise<void> {
  for (let left = 100; ; left -= 1) {
    const error = await new Promise<NodeJS.ErrnoException | undefined>((done) => {
      server.once("error", done);
      server.listen(at, () => {
        server.off("error", done);
        done(undefined);
      });
    });
    if (error === undefined) return;
    if (error.code !== "EADDRINUSE" || left === 0) throw error;
    await new Promise((done) => {
      setTimeout(done, 10);
    });
  }
}
