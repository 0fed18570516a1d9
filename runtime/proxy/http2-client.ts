import type { ResetReason } from "../traffic/reset.ts";
import { errorCode } from "../wire/http2/frame.ts";
import type { HeaderField } from "../wire/http2/header-field.ts";
import { readResponse } from "../wire/http2/response-head.ts";
import type { Http2Stream, StreamReader } from "../wire/http2/stream.ts";
import { readTrailers } from "../wire/http2/trailers.ts";
import { listRequest } from "../wire/http2/write.ts";
import type { ClientExchange, OutgoingRequest, ResponseHandlers } from "./client-exchange.ts";
import { sendPiece } from "./http2-exchange.ts";
import type { Http2Connection } from "./http2-pool.ts";
import { barePiece, endPiece, lastPiece, noPiece } from "./piece.ts";
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
  request: OutgoingRequest,
  handlers: ResponseHandlers,
): ClientExchange {
  // No sidecar of Istio's allows extended CONNECT: Envoy refuses by itself what it would have to ask for so (tried with 1.40).
  if (request.head.upgrade !== undefined) return failed(handlers, "protocol error");
  const stream = connection.session.open();
  if (stream === undefined) return failed(handlers, "connection termination");
  const exchange = new Http2ClientExchange(connection, stream, request.head.method, handlers);
  exchange.start(request);
  return exchange;
}

/** A class, because one is made per request. */
class Http2ClientExchange implements ClientExchange, StreamReader {
  readonly #connection: Http2Connection;
  readonly #stream: Http2Stream;
  readonly #method: string;
  readonly #handlers: ResponseHandlers;
  #answered = false;
  #over = false;

  constructor(connection: Http2Connection, stream: Http2Stream, method: string, handlers: ResponseHandlers) {
    this.#connection = connection;
    this.#stream = stream;
    this.#method = method;
    this.#handlers = handlers;
    stream.reader = this;
  }

  start({ head, change, body }: OutgoingRequest): void {
    const last = body.at(-1);
    const bare =
      last?.part.done === true && last.trailers === undefined && body.every(({ part: { size } }) => size === 0);
    this.#connection.session.outbox.headers(this.#stream, listRequest(head, change), bare);
    if (!bare) for (const piece of body) this.write(piece);
  }

  write(piece: Piece): boolean {
    if (this.#over || (piece.part.size === 0 && !piece.part.done)) return true;
    return sendPiece(this.#connection.session, this.#stream, piece);
  }

  resume(): void {
    if (!this.#over) this.#connection.session.resume(this.#stream);
  }

  abort(): void {
    this.#over = true;
    this.#reset(errorCode.cancel);
  }

  finish(whole: boolean): void {
    this.#over = true;
    if (!whole) this.#reset(errorCode.cancel);
  }

  #reset(code: number): void {
    this.#connection.session.reset(this.#stream, code);
  }

  #fail(reason: ResetReason): void {
    if (this.#over) return;
    this.#over = true;
    this.#handlers.failed(reason, this.#answered);
  }

  #breakOff(): void {
    this.#reset(errorCode.protocol);
    this.#fail("protocol error");
  }

  // What comes on the stream.

  onHead(fields: readonly HeaderField[], ended: boolean): void {
    this.#answered = true;
    const result = readResponse(fields, this.#method, ended);
    if (result.kind === "error") {
      this.#breakOff();
      return;
    }
    const { head } = result;
    if (head.interim) {
      if (!this.#over) this.#handlers.interim(head);
      return;
    }
    const stream = this.#stream;
    stream.headed = true;
    if (head.framing.kind === "length") stream.promised = head.framing.length;
    else if (head.framing.kind === "none") stream.promised = 0;
    if (this.#over) return;
    this.#over = ended;
    if (!this.#handlers.head(head, ended ? lastPiece : noPiece) && !ended) stream.paused = true;
  }

  onData(bytes: Buffer, from: number, to: number, ended: boolean): boolean {
    if (this.#over) return true;
    this.#over = ended;
    return this.#handlers.body(barePiece(bytes, from, to, ended));
  }

  onTrailers(fields: readonly HeaderField[]): void {
    const result = readTrailers(fields);
    if (result.kind === "error") {
      this.#breakOff();
      return;
    }
    if (this.#over) return;
    this.#over = true;
    this.#handlers.body(endPiece(result.list));
  }

  onWrongLength(): void {
    this.#fail("protocol error");
  }

  onReset(code: number | undefined): void {
    this.#fail(this.#reasonOf(code));
  }

  onDrain(): void {
    if (!this.#over) this.#handlers.drained();
  }

  #reasonOf(code: number | undefined): ResetReason {
    switch (code) {
      case undefined:
        return this.#connection.isFaulty() ? "protocol error" : "connection termination";
      case errorCode.refusedStream:
        return "remote refused stream reset";
      case errorCode.protocol:
        return "protocol error";
      default:
        return "remote reset";
    }
  }
}
