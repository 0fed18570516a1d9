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
  readonly used: number;
}

/** Connections that wait for the next request, last used first. */
export interface UpstreamPool {
  readonly take: (key: string) => UpstreamConnection | undefined;
  readonly give: (connection: UpstreamConnection, idleMs: number) => void;
  /** Closes those that fail the test. */
  readonly sweep: (keep: (connection: UpstreamConnection) => boolean) => void;
  readonly size: () => number;
}

interface Idle {
  readonly connection: UpstreamConnection;
  readonly deadline: number;
  readonly detach: () => void;
}

const maxIdlePerKey = 512;
const sweepEveryMs = 1000;

export function createUpstreamPool(clock: Clock): UpstreamPool {
  const idle = new Map<string, Idle[]>();
  let count = 0;
  let timer: (() => void) | undefined;

  function remove(entry: Idle): void {
    const list = idle.get(entry.connection.key);
    const at = list?.indexOf(entry) ?? -1;
    if (list === undefined || at < 0) return;
    list.splice(at, 1);
    if (list.length === 0) idle.delete(entry.connection.key);
    count -= 1;
  }

  function discard(entry: Idle): void {
    remove(entry);
    entry.detach();
    entry.connection.socket.on("error", nothing);
    entry.connection.socket.destroy();
  }

  function schedule(): void {
    if (timer !== undefined || count === 0) return;
    timer = clock.after(sweepEveryMs, () => {
      timer = undefined;
      const now = clock.monotonic();
      for (const list of idle.values()) {
        for (const entry of list.slice()) if (entry.deadline <= now) discard(entry);
      }
      schedule();
    });
  }

  return {
    take: (key) => {
      const list = idle.get(key);
      const now = clock.monotonic();
      for (let entry = list?.at(-1); entry !== undefined; entry = list?.at(-1)) {
        if (entry.deadline <= now || entry.connection.socket.destroyed || !entry.connection.socket.writable) {
          discard(entry);
          continue;
        }
        remove(entry);
        entry.detach();
        return entry.connection;
      }
      return undefined;
    },
    give: (connection, idleMs) => {
      const { socket } = connection;
      if (
        socket.destroyed ||
        !socket.writable ||
        socket.readableEnded ||
        (idle.get(connection.key)?.length ?? 0) >= maxIdlePerKey
      ) {
        socket.on("error", nothing);
        socket.destroy();
        return;
      }
      // Whatever an idle connection says, even a well-formed answer, nobody asked for it.
      const drop = (): void => {
        discard(entry);
      };
      const entry: Idle = {
        connection: { ...connection, used: connection.used + 1 },
        deadline: clock.monotonic() + idleMs,
        detach: () => {
          socket.off("data", drop);
          socket.off("end", drop);
          socket.off("close", drop);
          socket.off("error", drop);
        },
      };
      socket.on("data", drop);
      socket.on("end", drop);
      socket.on("close", drop);
      socket.on("error", drop);
      const list = idle.get(connection.key);
      if (list === undefined) idle.set(connection.key, [entry]);
      else list.push(entry);
      count += 1;
      socket.resume();
      schedule();
    },
    sweep: (keep) => {
      for (const list of idle.values()) {
        for (const entry of list.slice()) if (!keep(entry.connection)) discard(entry);
      }
    },
    size: () => count,
  };
}

function nothing(): void {
  // The close that follows is what counts.
}
