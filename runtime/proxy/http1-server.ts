import { createBodyScanner } from "../wire/http1/body.ts";
import type { BodyScanner } from "../wire/http1/body.ts";
import type { CodecError } from "../wire/http1/error.ts";
import { defaultLimits, hasHeader, mayComplete, parseRequestHead } from "../wire/http1/head.ts";
import type { RequestHead } from "../wire/http1/head.ts";
import { chunkedBody, noBody, untilClose } from "../wire/http1/semantics.ts";
import type { Framing } from "../wire/http1/semantics.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import { writeResponseHead } from "../wire/http1/write.ts";
import type { Exchange, HttpConnection, HttpServerOptions, RequestSink } from "./exchange.ts";
import { framePiece, noPiece, pieceOf } from "./piece.ts";
import type { Piece } from "./piece.ts";
import { encodeReply } from "./reply.ts";

const empty = Buffer.alloc(0);
/** Pipelined bytes that may wait while a request is being answered. */
const maxPending = 64 * 1024;
const lingerMs = 1000;
const idleMs = 3_600_000;

interface Current {
  sink: RequestSink | undefined;
  readonly scanner: BodyScanner;
  requestDone: boolean;
  received: number;
}

/** Reads requests from a connection, strictly in order; one is answered before the next is looked at. */
export function serveHttp1(options: HttpServerOptions): HttpConnection {
  const { socket, clock } = options;
  const limits = { ...defaultLimits, http10: options.http10 };
  let pending = options.early;
  let from = 0;
  let current: Current | undefined;
  let closing = false;
  let over = false;
  let linger: (() => void) | undefined;

  function detach(): void {
    over = true;
    socket.off("data", onData);
    socket.off("end", onGone);
    socket.off("error", onGone);
    socket.off("close", onGone);
    socket.off("drain", onDrain);
    socket.off("timeout", onGone);
    socket.setTimeout(0);
  }

  function onGone(): void {
    if (over) return;
    detach();
    socket.on("error", swallow);
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
    socket.on("data", swallow);
    socket.resume();
    socket.end();
    linger = clock.after(lingerMs, () => {
      socket.destroy();
    });
    socket.on("end", () => {
      linger?.();
      socket.destroy();
    });
    options.onClose();
  }

  function onDrain(): void {
    current?.sink?.drained();
  }

  function feedBody(exchange: Current, chunk: Buffer): void {
    const part = exchange.scanner.scan(chunk, 0);
    if (part.kind === "error") {
      pending = empty;
      exchange.requestDone = false;
      closing = true;
      exchange.sink?.broken(part.error);
      return;
    }
    exchange.received += part.size;
    exchange.requestDone = part.done;
    if (part.end < chunk.length) {
      pending = chunk.subarray(part.end);
      from = 0;
    }
    if (part.size === 0 && !part.done) return;
    if (exchange.sink?.body(pieceOf(chunk, 0, part)) === false) socket.pause();
  }

  function onData(chunk: Buffer): void {
    if (current !== undefined && !current.requestDone) {
      feedBody(current, chunk);
      return;
    }
    const fresh = pending.length;
    pending = fresh === 0 ? chunk : Buffer.concat([pending, chunk]);
    if (current === undefined) {
      if (fresh === 0 || mayComplete(pending, from, fresh)) parse();
    } else if (pending.length > maxPending) socket.pause();
  }

  function isFree(): boolean {
    return !over && current === undefined;
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
    if (isFree()) socket.resume();
  }

  function refuse(error: CodecError, next: number | undefined): void {
    closing ||= error.close || next === undefined;
    socket.write(encodeReply(options.onRefused(error, "HTTP/1.1"), closing));
    pending = pending.subarray(next);
    from = 0;
    if (closing) endGently();
  }

  function begin(head: RequestHead, next: number): void {
    const scanner = createBodyScanner(head.framing);
    const rest = pending;
    const part = scanner.scan(rest, next);
    pending = empty;
    from = 0;
    const sound = part.kind === "part";
    if (sound && part.end < rest.length) pending = rest.subarray(part.end);
    if (!head.keepAlive || !sound) closing = true;
    const early = sound ? pieceOf(rest, next, part) : noPiece;
    const mine: Current = { sink: undefined, scanner, requestDone: early.part.done, received: early.part.size };
    current = mine;
    // The handler may answer before it returns.
    try {
      mine.sink = options.onRequest(exchangeOf(mine, head, early));
    } catch (error) {
      // A fault of ours ends this connection, unanswered, and no other; the process tells it.
      onGone();
      throw error;
    }
    if (current !== mine) return;
    // As in Envoy the head went on its way before its body was looked at (headers/raw-inbound chunk-bad).
    if (sound) socket.resume();
    else mine.sink.broken(part.error);
  }

  function exchangeOf(state: Current, head: RequestHead, early: Piece): Exchange {
    let mine = true;
    const version = head.version === "1.0" ? "1.0" : "1.1";
    /** Of the answer. */
    let framing: Framing = noBody;

    function send(bytes: Buffer): boolean {
      return !mine || over || bytes.length === 0 || socket.write(bytes);
    }

    /** Whether the connection ends after this answer; once said it holds. */
    function isClosing(): boolean {
      // For Envoy the request of a tunnel never ends, whether it gets one or not.
      closing ||= !state.requestDone || head.upgrade !== undefined || head.method === "CONNECT";
      return closing;
    }

    function finish(): void {
      if (!mine || over) return;
      mine = false;
      if (isClosing()) {
        endGently();
        return;
      }
      current = undefined;
      // Not inside the handler of the request that has just ended.
      queueMicrotask(parse);
    }

    return {
      head,
      protocol: "HTTP/1.1",
      startedAt: clock.monotonic(),
      early,
      requestDone: () => state.requestDone,
      received: () => state.received,
      interim: (response) => {
        send(writeResponseHead(response));
      },
      respond: (response, edit, piece) => {
        framing = response.framing.kind === "until-close" ? chunkedBody : response.framing;
        if (version === "1.0" && framing.kind === "chunked") {
          // Nothing but the end of the connection tells an HTTP/1.0 client where the body ends.
          framing = untilClose;
          closing = true;
        }
        return send(
          writeResponseHead(response, {
            edit,
            framing: saidFraming(response, head.method, framing),
            close: isClosing(),
            version,
            body: framePiece(piece, framing),
          }),
        );
      },
      body: (piece) => send(framePiece(piece, framing)),
      finish,
      reply: (reply, last) => {
        closing ||= last;
        send(encodeReply(reply, isClosing(), version));
        finish();
      },
      abort: () => {
        if (!mine || over) return;
        mine = false;
        detach();
        current = undefined;
        socket.on("error", swallow);
        socket.destroy();
        options.onClose();
      },
      resume: () => {
        if (mine && !over) socket.resume();
      },
      takeOver: (response, edit, bytes) => {
        send(writeResponseHead(response, { edit, body: bytes }));
        mine = false;
        detach();
        current = undefined;
        socket.pause();
        const rest = pending;
        pending = empty;
        options.onClose();
        return { socket, early: rest };
      },
    };
  }

  socket.on("data", onData);
  socket.on("end", onGone);
  socket.on("error", onGone);
  socket.on("close", onGone);
  socket.on("drain", onDrain);
  socket.on("timeout", onGone);
  socket.setTimeout(idleMs);

  return {
    start: () => {
      if (socket.destroyed) onGone();
      else parse();
    },
    retire: () => {
      if (over) return;
      closing = true;
      if (current === undefined) onGone();
    },
    drain: () => {
      closing = true;
    },
    destroy: onGone,
  };
}

/** What the head says of the body: where nothing was said, a client of HTTP/1 needs to be told that there is none, as Envoy tells it. */
function saidFraming(response: ResponseHead, method: string, framing: Framing): Framing {
  if (framing.kind !== "none" || hasHeader(response, "content-length")) return framing;
  if (response.status < 200 || response.status === 204 || response.status === 304) return framing;
  if (method === "HEAD") return response.version === "2" ? chunkedBody : framing;
  return zeroLength;
}

const zeroLength: Framing = { kind: "length", length: 0 };

function swallow(): void {
  // Whatever comes now belongs to a connection that is over.
}
