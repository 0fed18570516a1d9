import { constants } from "node:http2";
import type { ServerHttp2Stream } from "node:http2";
import type { HeaderEdit } from "../model/header-edit.ts";
import type { ReplyHead } from "../traffic/reply-head.ts";
import type { RequestHead } from "../wire/http1/head.ts";
import { refusal2 } from "../wire/http2/refusal.ts";
import { listReply, listResponse } from "../wire/http2/write.ts";
import type { Exchange, HttpServerOptions, RequestSink } from "./exchange.ts";
import { readBody } from "./http2-body.ts";
import { respondStream, sendInterim, sendTrailers, writePiece } from "./http2-send.ts";
import { lastPiece, noPiece } from "./piece.ts";
import type { Piece } from "./piece.ts";
import { headerNames } from "../wire/header-names.ts";

const noEdit: HeaderEdit = { remove: headerNames([]), add: [] };

/** A whole answer of our own. */
export function answerStream(stream: ServerHttp2Stream, reply: ReplyHead): void {
  const sent = respondStream(stream, listReply(reply.status, reply.headers), { endStream: reply.body === "" });
  if (sent && reply.body !== "") stream.end(reply.body);
}

/** One request on a stream of its own. */
export function openExchange(stream: ServerHttp2Stream, head: RequestHead, options: HttpServerOptions): void {
  const { clock } = options;
  let sink: RequestSink | undefined;
  let requestDone = head.framing.kind === "none";
  let received = 0;
  let mine = true;
  let trailing = false;
  let trailers: readonly string[] | undefined;

  function send(piece: Piece): boolean {
    if (!mine || stream.destroyed) return true;
    if (piece.part.done) trailers = piece.trailers;
    return writePiece(stream, piece);
  }

  /** The answer is out: what is left of the request is of no interest. */
  function finish(): void {
    if (!mine) return;
    mine = false;
    if (requestDone) return;
    stream.resume();
    stream.close(constants.NGHTTP2_NO_ERROR);
  }

  const exchange: Exchange = {
    head,
    protocol: "HTTP/2",
    startedAt: clock.monotonic(),
    early: requestDone ? lastPiece : noPiece,
    requestDone: () => requestDone,
    received: () => received,
    interim: (response) => {
      if (mine && !stream.destroyed && !stream.headersSent) {
        sendInterim(stream, listResponse(response, noEdit));
      }
    },
    respond: (response, edit, piece) => {
      if (!mine || stream.destroyed) return true;
      const list = listResponse(response, edit);
      if (piece.part.done && piece.part.size === 0 && piece.trailers === undefined) {
        respondStream(stream, list, { endStream: true });
        return true;
      }
      // A stream that is cut while its end is still to be told ends with a reset, never with a body that looks whole.
      trailing = !piece.part.done || piece.trailers !== undefined;
      return respondStream(stream, list, { waitForTrailers: trailing }) ? send(piece) : true;
    },
    body: send,
    finish,
    reply: (reply) => {
      if (!mine) return;
      if (!stream.destroyed) answerStream(stream, reply);
      finish();
    },
    abort: () => {
      if (!mine) return;
      mine = false;
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    },
    resume: () => {
      if (mine) stream.resume();
    },
    takeOver: undefined,
  };

  stream.on("wantTrailers", () => {
    // Cut off in the middle: the reset follows.
    if (stream.rstCode === constants.NGHTTP2_NO_ERROR || !stream.closed) sendTrailers(stream, trailers ?? []);
  });
  stream.on("drain", () => {
    if (mine) sink?.drained();
  });
  stream.on("close", () => {
    if (!mine) return;
    mine = false;
    sink?.gone();
  });
  // The handler may answer before it returns.
  const given = options.onRequest(exchange);
  sink = given;
  if (requestDone) {
    stream.resume();
    return;
  }
  readBody(stream, head.framing, {
    piece: (piece) => {
      received += piece.part.size;
      requestDone ||= piece.part.done;
      if (!mine) return true;
      return given.body(piece);
    },
    broken: () => {
      if (mine) given.broken(refusal2.messaging);
    },
  });
}
