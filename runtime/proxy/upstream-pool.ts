import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { Clock } from "../core/clock.ts";
import { goOn, readBytes } from "./read-bytes.ts";
import { SocketWriter } from "./socket-writer.ts";

/** A connection to an application or to another sidecar, ready for bytes. */
export interface UpstreamConnection {
  readonly socket: Socket;
  readonly writer: SocketWriter;
  /** Everything that made it acceptable; connections of another key are never handed out. */
  readonly key: string;
  /** The handshake it came from; null for plaintext. */
  readonly handshake: string | null;
  readonly leaf: X509Certificate | undefined;
  readonly spiffe: string | null;
  /** How many requests it has carried before. */
  used: number;
  /** Monotonic milliseconds until which it may wait for a request; undefined while it carries one. */
  idleUntil: number | undefined;
  /** Who reads its answers while it carries a request. */
  reader: UpstreamReader | undefined;
  /** Ends it while it waits; set by the pool that holds it. */
  discard: ((connection: UpstreamConnection) => void) | undefined;
  /** Takes the listeners off again; undefined before they are there. */
  unwatch: (() => void) | undefined;
}

export interface UpstreamReader {
  readonly onData: (chunk: Buffer) => void;
  /** The end, an error or the close: whichever comes first. */
  readonly onEnd: () => void;
  readonly onDrain: () => void;
}

export function upstreamConnection(
  facts: Pick<UpstreamConnection, "socket" | "key" | "handshake" | "leaf" | "spiffe">,
): UpstreamConnection {
  const { socket, key, handshake, leaf, spiffe } = facts;
  return {
    socket,
    writer: new SocketWriter(socket),
    key,
    handshake,
    leaf,
    spiffe,
    used: 0,
    idleUntil: undefined,
    reader: undefined,
    discard: undefined,
    unwatch: undefined,
  };
}

/**
 * Listens once for as long as the connection lives: what comes goes to the reader of the request that it carries. Whatever an idle
 * one says, even a well-formed answer, nobody asked for it.
 */
export function watchUpstream(connection: UpstreamConnection): void {
  if (connection.unwatch !== undefined) return;
  const { socket } = connection;
  const onIdle = (): void => {
    if (connection.idleUntil !== undefined) connection.discard?.(connection);
  };
  const onData = (chunk: Buffer): void => {
    if (connection.reader === undefined) onIdle();
    else connection.reader.onData(chunk);
  };
  const onEnd = (): void => {
    if (connection.reader === undefined) onIdle();
    else connection.reader.onEnd();
  };
  const onDrain = (): void => {
    connection.reader?.onDrain();
  };
  const early = readBytes(socket, onData);
  socket.on("end", onEnd);
  socket.on("close", onEnd);
  socket.on("error", onEnd);
  socket.on("drain", onDrain);
  connection.unwatch = () => {
    socket.off("end", onEnd);
    socket.off("close", onEnd);
    socket.off("error", onEnd);
    socket.off("drain", onDrain);
  };
  if (early !== undefined) queueMicrotask(() => onData(early));
}

/** Connections that wait for the next request, last used first. */
export interface UpstreamPool {
  readonly take: (key: string) => UpstreamConnection | undefined;
  readonly give: (connection: UpstreamConnection, idleMs: number) => void;
  /** Closes those that fail the test. */
  readonly sweep: (keep: (connection: UpstreamConnection) => boolean) => void;
  readonly size: () => number;
}

const maxIdlePerKey = 512;
const sweepEveryMs = 1000;

export function createUpstreamPool(clock: Clock): UpstreamPool {
  const idle = new Map<string, Waiting>();
  let count = 0;
  let timer: (() => void) | undefined;
  /** Takes it out of the list of those that wait, and ends it. */
  function discard(connection: UpstreamConnection): void {
    const waiting = idle.get(connection.key);
    const at = waiting?.list.lastIndexOf(connection, waiting.count - 1) ?? -1;
    if (waiting !== undefined && waiting.count > 0 && at >= 0) {
      waiting.list.splice(at, 1);
      waiting.count -= 1;
      count -= 1;
    }
    connection.idleUntil = undefined;
    drop(connection);
  }

  function schedule(): void {
    if (timer !== undefined || count === 0) return;
    timer = clock.after(sweepEveryMs, () => {
      timer = undefined;
      const now = clock.monotonic();
      sweep(({ idleUntil }) => idleUntil !== undefined && idleUntil > now);
      schedule();
    });
  }

  function sweep(keep: (connection: UpstreamConnection) => boolean): void {
    for (const [key, waiting] of idle) {
      waiting.list.length = waiting.count;
      for (const connection of waiting.list.slice())
        if (connection !== undefined && !keep(connection)) discard(connection);
      if (waiting.count === 0) idle.delete(key);
    }
  }

  return {
    take: (key) => {
      const waiting = idle.get(key);
      if (waiting === undefined || waiting.count === 0) return undefined;
      const now = clock.monotonic();
      for (let connection = pop(waiting); connection !== undefined; connection = pop(waiting)) {
        count -= 1;
        const { idleUntil, socket } = connection;
        connection.idleUntil = undefined;
        if (idleUntil !== undefined && idleUntil > now && !socket.destroyed && socket.writable) return connection;
        drop(connection);
      }
      return undefined;
    },
    give: (connection, idleMs) => {
      const { socket, key } = connection;
      let waiting = idle.get(key);
      if (socket.destroyed || !socket.writable || socket.readableEnded || (waiting?.count ?? 0) >= maxIdlePerKey) {
        drop(connection);
        return;
      }
      if (waiting === undefined) {
        waiting = { list: [], count: 0 };
        idle.set(key, waiting);
      }
      connection.used += 1;
      connection.idleUntil = clock.monotonic() + idleMs;
      waiting.list[waiting.count] = connection;
      waiting.count += 1;
      count += 1;
      connection.discard = discard;
      watchUpstream(connection);
      goOn(socket);
      schedule();
    },
    sweep,
    size: () => count,
  };
}

/** Connections of one key, the first `count` of the list: a list that shrank and grew with every request would be made anew each time. */
interface Waiting {
  readonly list: (UpstreamConnection | undefined)[];
  count: number;
}

function pop(waiting: Waiting): UpstreamConnection | undefined {
  if (waiting.count === 0) return undefined;
  waiting.count -= 1;
  const connection = waiting.list[waiting.count];
  waiting.list[waiting.count] = undefined;
  return connection;
}

function drop({ socket }: UpstreamConnection): void {
  socket.on("error", nothing);
  socket.destroy();
}

function nothing(): void {
  // The close that follows is what counts.
}
