import type { X509Certificate } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import type { Session } from "../wire/http2/session.ts";
import { Http2Line } from "./http2-line.ts";
import { settings } from "./http2-settings.ts";
import { ignore } from "./server-handshake.ts";
import type { Dialled, DialFailure, ReadySocket } from "./upstream.ts";

/** A connection that carries many requests at once. */
export interface Http2Connection {
  readonly session: Session;
  /** Everything that made it acceptable; connections of another key are never handed out. */
  readonly key: string;
  readonly handshake: string | null;
  readonly leaf: X509Certificate | undefined;
  readonly spiffe: string | null;
  /** How many requests it has carried before. */
  readonly used: number;
  /** Whether it ended because the server broke the rules. */
  readonly isFaulty: () => boolean;
}

type Take = (result: { readonly kind: "connection"; readonly connection: Http2Connection } | DialFailure) => void;

/** Connects and shakes hands; the returned function gives up. */
type Open = (done: (result: Dialled) => void) => () => void;

export interface Http2Pool {
  /** A connection with room for a stream: an open one or, together with all who ask meanwhile, a new one. The returned function gives up. */
  readonly acquire: (key: string, open: Open, take: Take) => () => void;
  /** No further stream on those that fail the test: closed at once when idle, else after their streams. */
  readonly sweep: (keep: (key: string) => boolean) => void;
  readonly close: () => void;
}

interface Live {
  readonly connection: Http2Connection;
  readonly line: Http2Line;
  idleSince: number;
  /** Its last streams end, and it with them. */
  retired: boolean;
}

interface Opening {
  readonly waiting: Set<Take>;
  cancel: () => void;
}

/** Idle connections stay this long, as with HTTP/1. */
const idleMs = 60_000;
const lookEveryMs = 5000;

export function createHttp2Pool(clock: Clock): Http2Pool {
  const live = new Map<string, Live[]>();
  const opening = new Map<string, Opening>();
  let timer: (() => void) | undefined;

  function forget(entry: Live): void {
    const { key } = entry.connection;
    const left = (live.get(key) ?? []).filter((each) => each !== entry);
    if (left.length === 0) live.delete(key);
    else live.set(key, left);
  }

  function retire(entry: Live): void {
    forget(entry);
    entry.retired = true;
    endWhenIdle(entry);
  }

  function endWhenIdle({ line }: Live): void {
    if (line.session.streams.size === 0) line.end();
  }

  function watch(): void {
    if (timer !== undefined || live.size === 0) return;
    timer = clock.after(lookEveryMs, () => {
      timer = undefined;
      const since = clock.monotonic() - idleMs;
      for (const list of live.values())
        for (const entry of list) if (entry.line.session.streams.size === 0 && entry.idleSince < since) retire(entry);
      watch();
    });
  }

  function begin(key: string, ready: ReadySocket): Live {
    let used = 0;
    const line = new Http2Line("client", ready.socket, clock, {
      onRequest: ignore,
      onStreamEnd: () => {
        used += 1;
        if (line.session.streams.size > 0) return;
        entry.idleSince = clock.monotonic();
        if (entry.retired) endWhenIdle(entry);
      },
      onGoaway: () => {
        retire(entry);
      },
      onClose: () => {
        forget(entry);
      },
    });
    const entry: Live = {
      line,
      retired: false,
      idleSince: clock.monotonic(),
      connection: {
        session: line.session,
        key,
        handshake: ready.handshake,
        leaf: ready.leaf,
        spiffe: ready.spiffe,
        get used() {
          return used;
        },
        isFaulty: () => line.isFaulty,
      },
    };
    live.set(key, [...(live.get(key) ?? []), entry]);
    line.start(Buffer.alloc(0));
    watch();
    return entry;
  }

  function start(key: string, open: Open, first: Take): Opening {
    const mine: Opening = { waiting: new Set([first]), cancel: ignore };
    opening.set(key, mine);
    mine.cancel = open((result) => {
      if (opening.get(key) === mine) opening.delete(key);
      if (result.kind === "failed") {
        for (const take of mine.waiting) take(result);
        return;
      }
      const { connection } = begin(key, result);
      for (const take of mine.waiting) take({ kind: "connection", connection });
    });
    return mine;
  }

  return {
    acquire: (key, open, take) => {
      const found = live.get(key)?.find(hasRoom);
      if (found !== undefined) {
        take({ kind: "connection", connection: found.connection });
        return ignore;
      }
      let mine = opening.get(key);
      if (mine === undefined) mine = start(key, open, take);
      else mine.waiting.add(take);
      const joined = mine;
      return () => {
        joined.waiting.delete(take);
        if (joined.waiting.size > 0 || opening.get(key) !== joined) return;
        opening.delete(key);
        joined.cancel();
      };
    },
    sweep: (keep) => {
      for (const [key, list] of live) if (!keep(key)) for (const entry of list) retire(entry);
      // Those who wait asked under the snapshot of before; nobody joins them any more.
      for (const key of opening.keys()) if (!keep(key)) opening.delete(key);
    },
    close: () => {
      timer?.();
      for (const list of Array.from(live.values())) for (const { line } of list) line.destroy();
      live.clear();
    },
  };
}

function hasRoom({ line: { session } }: Live): boolean {
  if (session.over || session.peerLeaves) return false;
  return session.streams.size < Math.min(session.maxStreams, settings.maxConcurrentStreams);
}
