import { constants } from "node:http2";
import type { ClientHttp2Stream } from "node:http2";
import type { ResetReason } from "../traffic/reset.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import { responseOfList } from "../wire/http2/response-head.ts";
import { listRequest } from "../wire/http2/write.ts";
import type { ClientExchange, OutgoingRequest, ResponseHandlers } from "./client-exchange.ts";
import { isHeaderList, readBody } from "./http2-body.ts";
import type { Http2Connection } from "./http2-pool.ts";
import { requestStream, sendTrailers, writePiece } from "./http2-send.ts";
import { lastPiece, noPiece } from "./piece.ts";
import type { Piece } from "./piece.ts";
import { ignore } from "./server-handshake.ts";

const idle: ClientExchange = { write: () => true, resume: ignore, abort: ignore, finish: ignore };

function failed(handlers: ResponseHandlers, reason: ResetReason): ClientExchange {
  queueMicrotask(() => {
    handlers.failed(reason, false);
  });
  return idle;
}

/** Sends one request on a stream of its own and reads the answer. */
export function sendHttp2(
  connection: Http2Connection,
  { head: asked, change, body }: OutgoingRequest,
  handlers: ResponseHandlers,
): ClientExchange {
  // No sidecar of Istio's allows extended CONNECT: Envoy refuses by itself what it would have to ask for so (tried with 1.40).
  if (asked.upgrade !== undefined) return failed(handlers, "protocol error");
  if (connection.session.destroyed || connection.session.closed) return failed(handlers, "connection termination");
  const ended = body.at(-1)?.part.done === true;
  const size = body.reduce((sum, piece) => sum + piece.part.size, 0);
  const bare = ended && size === 0 && body.at(-1)?.trailers === undefined;
  // A request that is cut while its end is still to be told ends with a reset, never with a body that looks whole.
  const waitForTrailers = !ended || body.at(-1)?.trailers !== undefined;
  const options = { endStream: bare, waitForTrailers };
  const opened = requestStream(connection.session, listRequest(asked, change), options);
  if (opened === undefined) return failed(handlers, "protocol error");
  const stream = opened;
  let trailers: readonly string[] | undefined;
  let answered = false;
  let over = false;

  function fail(reason: ResetReason): void {
    if (over) return;
    over = true;
    handlers.failed(reason, answered);
  }

  function write(piece: Piece): boolean {
    if (over || stream.destroyed || stream.closed) return true;
    if (piece.part.done) trailers = piece.trailers;
    return writePiece(stream, piece);
  }

  function reset(): void {
    if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
    stream.resume();
  }

  function breakOff(): void {
    if (over) return;
    reset();
    fail("protocol error");
  }

  function onHead(list: unknown, flags: number): void {
    if (over) return;
    answered = true;
    const done = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    const result = responseOfList(isHeaderList(list) ? list : [], done);
    if (result.kind === "error") {
      breakOff();
      return;
    }
    if (result.head.interim) handlers.interim(result.head);
    else onAnswer(result.head, done);
  }

  function onAnswer(head: ResponseHead, done: boolean): void {
    if (done) {
      over = true;
      stream.resume();
      handlers.head(head, lastPiece);
      return;
    }
    readBody(stream, asked.method === "HEAD" ? { kind: "none" } : head.framing, {
      piece: (piece) => {
        if (over) return true;
        over = piece.part.done;
        return handlers.body(piece);
      },
      broken: breakOff,
    });
    if (!handlers.head(head, noPiece)) stream.pause();
  }

  stream.on("response", (_headers, flags, list: unknown) => {
    onHead(list, flags);
  });
  stream.on("headers", (_headers, flags, list: unknown) => {
    onHead(list, flags);
  });
  stream.on("wantTrailers", () => {
    if (!stream.closed) sendTrailers(stream, trailers ?? []);
  });
  stream.on("drain", () => {
    if (!over) handlers.drained();
  });
  stream.on("error", ignore);
  stream.on("close", () => {
    connection.closeStream();
    fail(reasonOf(stream));
  });
  connection.openStream();
  if (!bare) for (const piece of body) write(piece);

  return {
    write,
    resume: () => {
      if (!over) stream.resume();
    },
    abort: () => {
      over = true;
      reset();
    },
    finish: (whole) => {
      over = true;
      if (!whole) reset();
    },
  };

  function reasonOf(ending: ClientHttp2Stream): ResetReason {
    if (connection.session.destroyed) return "connection termination";
    switch (ending.rstCode) {
      case constants.NGHTTP2_REFUSED_STREAM:
        return "remote refused stream reset";
      case constants.NGHTTP2_PROTOCOL_ERROR:
        return "protocol error";
      default:
        return "remote reset";
    }
  }
}
