import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { Clock } from "../core/clock.ts";

/** A connection to an application or to another sidecar, ready for bytes. */
export interface UpstreamConnection {
  readonly socket: Socket;
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
  /** Whether the pool already listens for what happens while it waits. */
  watched: boolean;
}

export function upstreamConnection(
  facts: Pick<UpstreamConnection, "socket" | "key" | "handshake" | "leaf" | "spiffe">,
): UpstreamConnection {
  return { ...facts, used: 0, idleUntil: undefined, watched: false };
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
  const idle = new Map<string, UpstreamConnection[]>();
  let count = 0;
  let timer: (() => void) | undefined;

  /** Takes it out of the list of those that wait, and ends it. */
  function discard(connection: UpstreamConnection): void {
    const list = idle.get(connection.key);
    const at = list?.lastIndexOf(connection) ?? -1;
    if (list !== undefined && at >= 0) {
      list.splice(at, 1);
      count -= 1;
    }
    connection.idleUntil = undefined;
    drop(connection);
  }

  /** Once per connection: whatever an idle one says, even a well-formed answer, nobody asked for it. */
  function watch(connection: UpstreamConnection): void {
    connection.watched = true;
    const { socket } = connection;
    const onEvent = (): void => {
      if (connection.idleUntil !== undefined) discard(connection);
    };
    socket.on("data", onEvent);
    socket.on("end", onEvent);
    socket.on("close", onEvent);
    socket.on("error", onEvent);
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
    for (const [key, list] of idle) {
      for (const connection of list.slice()) if (!keep(connection)) discard(connection);
      if (list.length === 0) idle.delete(key);
    }
  }

  return {
    take: (key) => {
      const list = idle.get(key);
      if (list === undefined || list.length === 0) return undefined;
      const now = clock.monotonic();
      for (let connection = list.pop(); connection !== undefined; connection = list.pop()) {
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
      let list = idle.get(key);
      if (socket.destroyed || !socket.writable || socket.readableEnded || (list?.length ?? 0) >= maxIdlePerKey) {
        drop(connection);
        return;
      }
      if (list === undefined) {
        list = [];
        idle.set(key, list);
      }
      connection.used += 1;
      connection.idleUntil = clock.monotonic() + idleMs;
      list.push(connection);
      count += 1;
      if (!connection.watched) watch(connection);
      socket.resume();
      schedule();
    },
    sweep,
    size: () => count,
  };
}

function drop({ socket }: UpstreamConnection): void {
  socket.on("error", nothing);
  socket.destroy();
}

function nothing(): void {
  // The close that follows is what counts.
}
