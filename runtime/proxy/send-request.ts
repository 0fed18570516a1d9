import type { Buffer } from "node:buffer";
import { request as request1 } from "node:http";
import { connect as connect2 } from "node:http2";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { SocketAddress } from "../model/dataplane.ts";
import type { HeaderEntry } from "../wire/http1/fields.ts";

/** Where a request enters the mesh. */
export interface Entrance {
  readonly at: SocketAddress;
  /** Local address to call from; undefined: whichever the system takes. */
  readonly from: string | undefined;
  /** Bytes before the first request, as a hook sends them. */
  readonly preamble: Buffer | undefined;
}

export interface SentRequest {
  /** As access logs say it: `HTTP/2` is sent as that, everything else as HTTP/1.1. */
  readonly version: string;
  readonly method: string;
  readonly target: string;
  readonly authority: string;
  readonly headers: readonly HeaderEntry[];
  readonly hasLength: boolean;
  readonly body: Buffer;
}

type Answer = { readonly status: number } | { readonly reason: string };

/** A route may hold a request back for this long, or retry it. */
const patienceMs = 30_000;

/** A connection into the mesh, behind what a hook would send first. */
export function enter({ at, from, preamble }: Entrance): Socket {
  const socket =
    at.kind === "unix"
      ? connect({ path: at.path })
      : connect({ host: at.host, port: at.port, ...(from === undefined ? {} : { localAddress: from }) });
  if (preamble !== undefined) socket.write(preamble);
  return socket;
}

/** Sends one request over a connection of its own and waits for the end of the answer. Never throws. */
export async function sendRequest(entrance: Entrance, request: SentRequest): Promise<Answer> {
  const socket = enter(entrance);
  const timer = setTimeout(() => {
    socket.destroy(new Error(`no answer within ${patienceMs / 1000} seconds`));
  }, patienceMs);
  try {
    const status = await (request.version === "HTTP/2" ? sendHttp2(socket, request) : sendHttp1(socket, request));
    return { status };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function sendHttp1(socket: Socket, sent: SentRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    const length: readonly HeaderEntry[] =
      sent.body.length > 0 || sent.hasLength ? [["content-length", String(sent.body.length)]] : [];
    const headers: readonly HeaderEntry[] = [
      ["host", sent.authority],
      ...sent.headers,
      ...length,
      ["connection", "close"],
    ];
    const outgoing = request1(
      {
        createConnection: () => socket,
        method: sent.method,
        path: sent.target,
        setHost: false,
        headers: headers.flat(),
      },
      (response) => {
        response.on("error", reject);
        response.on("end", () => {
          resolve(response.statusCode ?? 0);
        });
        response.resume();
      },
    );
    outgoing.on("error", reject);
    outgoing.end(sent.body);
  });
}

function sendHttp2(socket: Socket, sent: SentRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    const session = connect2(`http://${sent.authority}`, { createConnection: () => socket });
    session.on("error", reject);
    const headers: Record<string, string | string[]> = {
      ":method": sent.method,
      ":path": sent.target,
      ":authority": sent.authority,
      ":scheme": "http",
    };
    for (const [name, value] of sent.headers) {
      const before = headers[name];
      headers[name] = before === undefined ? value : [before, value].flat();
    }
    const stream = session.request(headers, { endStream: sent.body.length === 0 });
    let status = 0;
    stream.on("error", reject);
    stream.on("response", (head) => {
      status = head[":status"] ?? 0;
    });
    stream.on("close", () => {
      session.close();
      if (status === 0) reject(new Error("the connection ended without an answer"));
      else resolve(status);
    });
    stream.resume();
    if (sent.body.length > 0) stream.end(sent.body);
  });
}
