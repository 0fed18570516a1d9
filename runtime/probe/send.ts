import { Buffer } from "node:buffer";
import { isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Clock } from "../core/clock.ts";
import { enter, type Entrance, sendRequest } from "../proxy/send-request.ts";
import type { Wire } from "./attempt.ts";

/** What came back. */
export interface Answer {
  /** Statuses of all answers on the connection, in order; empty: none came. */
  readonly statuses: readonly number[];
  /** What followed the first head, as text. */
  readonly body: string;
  /** Why there is no answer; null when there is one. */
  readonly error: string | null;
}

export interface SendOptions {
  readonly clock: Clock;
  /** How long an attempt may take in all. */
  readonly patienceMs: number;
  /** Key and certificate in the name of somebody else, PEM, which no CA of the mesh has signed. */
  readonly forged: { readonly key: string; readonly cert: string };
}

/** A connection that has answered and then said nothing for this long has nothing more to say. */
const quietMs = 150;
const mostBytes = 64 * 1024;

/** Sends what an attempt is made of over a connection of its own. Never throws; only reaches this machine's own addresses. */
export async function sendWire(entrance: Entrance, wire: Wire, options: SendOptions): Promise<Answer> {
  if (!isLocal(entrance)) return { statuses: [], body: "", error: "it would leave this machine" };
  if (wire.kind !== "http2") return await talk(entrance, wire, options);
  const answer = await sendRequest(entrance, {
    version: "HTTP/2",
    method: wire.method,
    target: wire.target,
    authority: wire.authority,
    headers: wire.headers,
    hasLength: false,
    body: Buffer.alloc(0),
  });
  return "status" in answer
    ? { statuses: [answer.status], body: "", error: null }
    : { statuses: [], body: "", error: answer.reason };
}

/** Loopback addresses and Unix sockets. */
function isLocal({ at }: Entrance): boolean {
  return at.kind === "unix" || at.host === "::1" || (isIP(at.host) === 4 && at.host.startsWith("127."));
}

function talk(entrance: Entrance, wire: Exclude<Wire, { kind: "http2" }>, options: SendOptions): Promise<Answer> {
  return new Promise((resolve) => {
    const { clock } = options;
    const plain = enter(entrance);
    const pieces: Buffer[] = [];
    let size = 0;
    let next = wire.kind === "bytes" ? wire.afterwards : undefined;
    let error: string | null = null;
    let cancelQuiet = (): void => undefined;
    const settle = (): void => {
      cancelQuiet();
      cancelAll();
      plain.destroy();
      resolve(readAnswer(Buffer.concat(pieces).toString("latin1"), error));
    };
    const cancelAll = clock.after(options.patienceMs, () => {
      error = "no answer in time";
      settle();
    });
    plain.on("error", (fault) => {
      error ??= fault.message;
    });
    const stream = wire.kind === "tls" ? secure(plain, wire, options) : plain;
    stream.on("error", (fault) => {
      error ??= fault.message;
    });
    stream.on("close", settle);
    stream.on("data", (piece: Buffer) => {
      size += piece.length;
      if (size <= mostBytes) pieces.push(piece);
      cancelQuiet();
      if (next === undefined) {
        cancelQuiet = clock.after(quietMs, settle);
        return;
      }
      if (!Buffer.concat(pieces).includes("\r\n\r\n")) return;
      stream.write(next, "latin1");
      next = undefined;
    });
    stream.write(wire.bytes, "latin1");
  });
}

function secure(plain: Socket, wire: Extract<Wire, { kind: "tls" }>, { forged }: SendOptions): Socket {
  return connectTls({
    socket: plain,
    servername: wire.serverName,
    ALPNProtocols: [...wire.alpn],
    // An attacker does not care whom he talks to.
    rejectUnauthorized: false,
    ...(wire.forged ? forged : {}),
  });
}

function readAnswer(text: string, error: string | null): Answer {
  const statuses = Array.from(text.matchAll(/(?:^|\n|\})HTTP\/1\.[01] (\d{3})/g), (match) => Number(match[1]));
  const head = text.indexOf("\r\n\r\n");
  return {
    statuses,
    body: head < 0 ? "" : text.slice(head + 4),
    error: statuses.length > 0 ? null : (error ?? "closed without an answer"),
  };
}
