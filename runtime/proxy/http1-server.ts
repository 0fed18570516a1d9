import type { CodecError } from "../wire/http1/error.ts";
import { defaultLimits, mayComplete, parseRequestHead } from "../wire/http1/head.ts";
import type { RequestHead } from "../wire/http1/head.ts";
import type { HttpConnection, HttpServerOptions } from "./exchange.ts";
import { Http1Exchange } from "./http1-exchange.ts";
import type { Http1Line } from "./http1-exchange.ts";
import { watchIdle } from "./idle-watch.ts";
import { pieceOf } from "./piece.ts";
import { goOn, readBytes } from "./read-bytes.ts";
import { encodeReply } from "./reply.ts";
import { SocketWriter } from "./socket-writer.ts";

const empty = Buffer.alloc(0);
/** Pipelined bytes that may wait while a request is being answered. */
const maxPending = 64 * 1024;
/** How long a peer may take to read the rest before it is cut, counted anew whenever it took some (Envoy's `delayed_close_timeout`). */
const lingerMs = 1000;
const idleMs = 3_600_000;

/** Reads requests from a connection, strictly in order; one is answered before the next is looked at. */
export function serveHttp1(options: HttpServerOptions): HttpConnection {
  const { socket, clock } = options;
  const limits = { ...defaultLimits, http10: options.http10 };
  const writer = new SocketWriter(socket);
  let pending = options.early;
  let from = 0;
  let current: Http1Exchange | undefined;
  let closing = false;
  let over = false;
  let linger: (() => void) | undefined;

  function detach(): void {
    over = true;
    socket.off("end", onGone);
    socket.off("error", onGone);
    socket.off("close", onGone);
    socket.off("drain", onDrain);
    stopWatching();
  }

  function onGone(): void {
    if (over) return;
    detach();
    socket.on("error", swallow);
    writer.flush();
    socket.destroy();
    const left = current;
    current = undefined;
    left?.sink?.gone();
    options.onClose();
  }

  /** Sends what was written, then waits a moment for the other side to read it before the connection is cut. */
  function endGently(): void {
    if (over) return;
    detach();
    current = undefined;
    pending = empty;
    socket.on("error", swallow);
    readBytes(socket, swallow);
    socket.resume();
    writer.flush();
    socket.end();
    lingerOn(socket.writableLength);
    socket.on("end", () => {
      linger?.();
      socket.destroy();
    });
    options.onClose();
  }

  function lingerOn(unread: number): void {
    linger = clock.after(lingerMs, () => {
      const left = socket.writableLength;
      if (left > 0 && left < unread) lingerOn(left);
      else socket.destroy();
    });
  }

  function onDrain(): void {
    if (current === undefined) parse();
    else current.sink?.drained();
  }

  /** Reads on, unless what is pipelined behind the request takes all its room. */
  function flow(): void {
    if (current?.complete !== true || pending.length <= maxPending) goOn(socket);
  }

  function feedBody(exchange: Http1Exchange, chunk: Buffer): void {
    const part = exchange.scanner.scan(chunk, 0);
    if (part.kind === "error") {
      pending = empty;
      exchange.complete = false;
      closing = true;
      exchange.sink?.broken(part.error);
      return;
    }
    exchange.size += part.size;
    exchange.complete = part.done;
    if (part.end < chunk.length) {
      pending = chunk.subarray(part.end);
      from = 0;
    }
    if (part.size === 0 && !part.done) return;
    if (exchange.sink?.body(pieceOf(chunk, 0, part)) === false) socket.pause();
  }

  function onData(chunk: Buffer): void {
    if (current !== undefined && !current.complete) {
      feedBody(current, chunk);
      return;
    }
    const fresh = pending.length;
    pending = fresh === 0 ? chunk : Buffer.concat([pending, chunk]);
    if (isFree()) {
      if (fresh === 0 || mayComplete(pending, from, fresh)) parse();
    } else if (pending.length > maxPending) socket.pause();
  }

  /** Whether the next request may begin: who does not read the answers must not pile them up. */
  function isFree(): boolean {
    return !over && current === undefined && !socket.writableNeedDrain;
  }

  function parse(): void {
    while (isFree() && pending.length > from) {
      const result = parseRequestHead(pending, from, limits);
      if (result.kind === "incomplete") {
        if (result.from > 0) pending = pending.subarray(result.from);
        from = 0;
        socket.resume();
        return;
      }
      if (result.kind === "error") {
        refuse(result.error, result.next);
        continue;
      }
      begin(result.head, result.next);
    }
    if (isFree()) goOn(socket);
  }

  function refuse(error: CodecError, next: number | undefined): void {
    closing ||= error.close || next === undefined;
    writer.write(encodeReply(options.onRefused(error, "HTTP/1.1"), closing));
    pending = pending.subarray(next);
    from = 0;
    if (closing) endGently();
  }

  function begin(head: RequestHead, next: number): void {
    const mine = new Http1Exchange(line, head, clock.monotonic());
    const rest = pending;
    const part = mine.scanner.scan(rest, next);
    pending = empty;
    from = 0;
    const sound = part.kind === "part";
    if (sound) {
      if (part.end < rest.length) pending = rest.subarray(part.end);
      mine.early = pieceOf(rest, next, part);
      mine.complete = part.done;
      mine.size = part.size;
    }
    if (!head.keepAlive || !sound) closing = true;
    current = mine;
    // The handler may answer before it returns.
    try {
      mine.sink = options.onRequest(mine);
    } catch (error) {
      // A fault of ours ends this connection, unanswered, and no other; the process tells it.
      onGone();
      throw error;
    }
    if (current !== mine) return;
    // As in Envoy the head went on its way before its body was looked at (headers/raw-inbound chunk-bad).
    if (sound) flow();
    else mine.sink.broken(part.error);
  }

  const line: Http1Line = {
    writer,
    isOver: () => over,
    flow,
    closing: (last) => {
      closing ||= last;
      return closing;
    },
    next: () => {
      current = undefined;
      // Not inside the handler of the request that has just ended.
      if (pending.length > from) queueMicrotask(parse);
      else goOn(socket);
    },
    endGently,
    cut: () => {
      writer.flush();
      detach();
      current = undefined;
      socket.on("error", swallow);
      socket.destroy();
      options.onClose();
    },
    handOver: () => {
      writer.flush();
      detach();
      current = undefined;
      socket.pause();
      const rest = pending;
      pending = empty;
      options.onClose();
      return { socket, early: rest };
    },
  };

  const unread = readBytes(socket, onData);
  if (unread !== undefined) pending = Buffer.concat([pending, unread]);
  socket.on("end", onGone);
  socket.on("error", onGone);
  socket.on("close", onGone);
  socket.on("drain", onDrain);
  const stopWatching = watchIdle(socket, clock, idleMs, onGone);

  return {
    start: () => {
      if (socket.destroyed) onGone();
      else parse();
    },
    retire: () => {
      if (over) return;
      closing = true;
      if (current !== undefined) return;
      // The last answer may still be on its way.
      if (writer.flush() && socket.writableLength === 0) onGone();
      else endGently();
    },
    drain: () => {
      closing = true;
    },
    destroy: onGone,
  };
}

function swallow(): void {
  // Whatever comes now belongs to a connection that is over.
}
