import { Buffer } from "node:buffer";
import type { Exchange, RequestSink } from "./exchange.ts";
import { piecePayload } from "./piece.ts";
import type { Piece } from "./piece.ts";

/** Bodies of the last requests, kept only while somebody looks: a request that was seen can then be sent again. */
export interface RequestBodies {
  /** Has a request served, and keeps what passes of its body. */
  readonly watch: (exchange: Exchange, serve: (exchange: Exchange) => RequestSink) => RequestSink;
  /** The exchange with this head has this id from now on; more of its body may still come. */
  readonly name: (head: object | undefined, id: string) => void;
  /** Whether something was kept of the exchange with this head: nearly always nothing was, and it needs no name. */
  readonly isWaiting: (head: object | undefined) => boolean;
  /** Undefined: it was not kept, or not as a whole. */
  readonly find: (id: string) => Buffer | undefined;
}

interface Kept {
  pieces: Buffer[];
  /** Bytes of `pieces`. */
  size: number;
  done: boolean;
  /** Given up: too long, or the oldest of too many. */
  lost: boolean;
  named: boolean;
}

/** A longer body is not kept at all. */
const largest = 256 * 1024;
const largestSum = 4 * 1024 * 1024;

export function createRequestBodies(isWatched: () => boolean): RequestBodies {
  const coming = new WeakMap<object, Kept>();
  const byId = new Map<string, Kept>();
  /** Something was kept since the start. */
  let isKeeping = false;
  let sum = 0;

  function take(kept: Kept, piece: Piece): void {
    const { size, done } = piece.part;
    if (done) kept.done = true;
    if (size === 0 || kept.lost) return;
    if (kept.size + size > largest) {
      lose(kept);
      return;
    }
    // The bytes are the reader's, who uses them again.
    kept.pieces.push(Buffer.from(piecePayload(piece)));
    kept.size += size;
    if (kept.named) count(size);
  }

  function count(size: number): void {
    sum += size;
    for (const [id, oldest] of byId) {
      if (sum <= largestSum) return;
      byId.delete(id);
      lose(oldest);
    }
  }

  function lose(kept: Kept): void {
    if (kept.named) sum -= kept.size;
    kept.pieces = [];
    kept.size = 0;
    kept.lost = true;
  }

  return {
    watch: (exchange, serve) => {
      const { early } = exchange;
      if (!isWatched() || (early.part.size === 0 && exchange.requestDone())) return serve(exchange);
      const kept: Kept = { pieces: [], size: 0, done: exchange.requestDone(), lost: false, named: false };
      coming.set(exchange.head, kept);
      isKeeping = true;
      take(kept, early);
      const sink = serve(exchange);
      if (kept.done) return sink;
      return {
        body: (piece) => {
          take(kept, piece);
          return sink.body(piece);
        },
        drained: () => {
          sink.drained();
        },
        gone: () => {
          sink.gone();
        },
        broken: (error) => {
          sink.broken(error);
        },
      };
    },
    isWaiting: (head) => head !== undefined && isKeeping && coming.has(head),
    name: (head, id) => {
      const kept = head === undefined ? undefined : coming.get(head);
      if (kept === undefined || kept.lost) return;
      kept.named = true;
      byId.set(id, kept);
      count(kept.size);
    },
    find: (id) => {
      const kept = byId.get(id);
      return kept?.done === true && !kept.lost ? Buffer.concat(kept.pieces) : undefined;
    },
  };
}
