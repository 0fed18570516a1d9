import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { CommandAnswer, MeshCommand } from "../model/command.ts";
import type { MeshEvent } from "../model/event.ts";
import type { FlipsAnswer, FlipsQuestion } from "../model/flips.ts";
import type { ProxySnapshot } from "../model/snapshot.ts";
import type { MeshState } from "../model/state.ts";
import { parseCommand } from "./command-parse.ts";
import { flipsQuestion } from "./flips-query.ts";
import type { LineSink, Subscription } from "./subscribers.ts";

/** What the API serves; all of it lives elsewhere. */
export interface ApiBackend {
  readonly state: () => MeshState;
  readonly subscribe: (
    sink: LineSink,
    options: { readonly headers: boolean; readonly replay: boolean },
  ) => Promise<Subscription>;
  /** By id, `last-refusal` or `last-denial`. */
  readonly event: (id: string) => Promise<MeshEvent | undefined>;
  readonly flips: (question: FlipsQuestion) => Promise<FlipsAnswer>;
  readonly snapshot: (proxy: string) => ProxySnapshot | undefined;
  /** `onRelease`: runs `release` when the client's connection ends. */
  readonly command: (command: MeshCommand, untilClosed: (release: () => void) => void) => Promise<CommandAnswer>;
  /** A client that owns the mesh has come; the returned function says that it has gone. */
  readonly own: () => () => void;
  readonly onError: (error: unknown) => void;
}

export interface Api {
  readonly close: () => Promise<void>;
}

const maxBody = 64 * 1024;
const maxConnections = 256;
const lastLinesMs = 200;

/** Serves the control API on a Unix socket; who may connect is decided by the folder that it is in. */
export async function openApi(path: string, backend: ApiBackend): Promise<Api> {
  const streams = new Set<ServerResponse>();
  const server = createServer(
    { maxHeaderSize: 16 * 1024, requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 1_000 },
    (request, response) => {
      request.on("error", ignore);
      response.on("error", ignore);
      answer(request, response, backend, streams).catch((error: unknown) => {
        backend.onError(error);
        reply(response, 500, { error: "internal error" });
      });
    },
  );
  server.maxConnections = maxConnections;
  server.on("clientError", (_error, socket) => {
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      server.on("error", backend.onError);
      resolve();
    });
  });
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      // Subscribers get the last lines; who does not take them in time is cut off.
      for (const response of streams) response.end();
      server.closeIdleConnections();
      const cut = setTimeout(() => {
        server.closeAllConnections();
      }, lastLinesMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

function ignore(): void {
  // The other end is gone; `close` follows.
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  backend: ApiBackend,
  streams: Set<ServerResponse>,
): Promise<void> {
  const { pathname, searchParams } = new URL(`http://control${request.url ?? "/"}`);
  const [, version, what, ...rest] = pathname.split("/");
  if (version !== "v1") {
    reply(response, 404, { error: "the API lives below /v1" });
    return;
  }
  const name = decode(rest.join("/"));
  const route = `${request.method ?? ""} ${what ?? ""}${name === "" ? "" : "/*"}`;
  switch (route) {
    case "GET state":
      reply(response, 200, backend.state());
      return;
    case "GET events":
      streams.add(response);
      response.once("close", () => streams.delete(response));
      await stream(request, response, backend, searchParams);
      return;
    case "GET events/*": {
      const event = await backend.event(name);
      if (event === undefined) reply(response, 404, { error: `no event ${name} is kept` });
      else reply(response, 200, event);
      return;
    }
    case "GET flips": {
      const question = flipsQuestion(searchParams);
      if (question === undefined) reply(response, 400, { error: "before and after are generations" });
      else reply(response, 200, await backend.flips(question));
      return;
    }
    case "GET snapshots/*": {
      const snapshot = backend.snapshot(name);
      if (snapshot === undefined) reply(response, 404, { error: `there is no proxy ${name}` });
      else reply(response, 200, snapshot);
      return;
    }
    case "POST commands":
      await obey(request, response, backend);
      return;
    default:
      reply(response, 404, { error: `nothing at ${request.method ?? ""} ${pathname}` });
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function stream(
  request: IncomingMessage,
  response: ServerResponse,
  backend: ApiBackend,
  query: URLSearchParams,
): Promise<void> {
  const flag = (name: string): boolean => query.get(name) === "1";
  // Registered before anything is awaited: a client that is gone already must still count as gone.
  let subscription: Subscription | undefined;
  let gone = false;
  const leave = flag("own") ? backend.own() : undefined;
  response.once("close", () => {
    gone = true;
    subscription?.close();
    leave?.();
  });
  response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
  request.socket.setNoDelay(true);
  response.on("drain", () => subscription?.drain());
  subscription = await backend.subscribe(
    { write: (text) => response.write(text) },
    { headers: flag("headers"), replay: flag("replay") },
  );
  if (gone) subscription.close();
  // The past may have filled the buffer and left it before there was a subscription to tell.
  else if (!response.writableNeedDrain) subscription.drain();
  if (query.get("follow") === "0") response.end();
}

async function obey(request: IncomingMessage, response: ServerResponse, backend: ApiBackend): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) {
    reply(response, 413, { error: "the body is too large" });
    return;
  }
  const command = parseCommand(body);
  if ("error" in command) {
    reply(response, 400, command);
    return;
  }
  let release: (() => void) | undefined;
  let gone = false;
  response.once("close", () => {
    gone = true;
    release?.();
  });
  const result = await backend.command(command, (task) => {
    release = task;
  });
  if (gone) release?.();
  if (release === undefined) {
    reply(response, 200, result);
    return;
  }
  // What lasts as long as the connection is answered at once and left open.
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  response.write(`${JSON.stringify(result)}\n`);
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request) {
    const bytes = Buffer.isBuffer(piece) ? piece : Buffer.from(String(piece));
    size += bytes.length;
    if (size > maxBody) return undefined;
    pieces.push(bytes);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.end();
    return;
  }
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  });
  response.end(text);
}
