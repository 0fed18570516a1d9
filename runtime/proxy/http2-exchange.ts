import type { HeaderEdit } from "../model/header-edit.ts";
import type { ReplyHead } from "../traffic/reply-head.ts";
import { headerNames } from "../wire/header-names.ts";
import type { CodecError } from "../wire/http1/error.ts";
import type { RequestHead } from "../wire/http1/head.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import { errorCode } from "../wire/http2/frame.ts";
import type { HeaderField } from "../wire/http2/header-field.ts";
import { refusal2 } from "../wire/http2/refusal.ts";
import type { Session } from "../wire/http2/session.ts";
import type { Http2Stream, StreamReader } from "../wire/http2/stream.ts";
import { readTrailers } from "../wire/http2/trailers.ts";
import { listReply, listResponse } from "../wire/http2/write.ts";
import type { Exchange, HttpServerOptions, RequestSink } from "./exchange.ts";
import type { Http2Line } from "./http2-line.ts";
import { barePiece, endPiece, lastPiece, noPiece } from "./piece.ts";
import type { Piece } from "./piece.ts";

const noEdit: HeaderEdit = { remove: headerNames([]), add: [] };

/** The connection that an exchange is on. */
export interface ExchangeOwner {
  readonly line: Http2Line;
  readonly options: HttpServerOptions;
  /** Ends a stream, or more than it, for what came on it. */
  readonly breakOff: (stream: Http2Stream, error: CodecError) => void;
  /** The caller has reset a stream that was not answered yet. */
  readonly onReset: (startedAt: number) => void;
}

/** A whole answer of our own. */
export function answerStream(session: Session, stream: Http2Stream, reply: ReplyHead): void {
  const bare = reply.body === "";
  session.outbox.headers(stream, listReply(reply.status, reply.headers), bare);
  if (bare) return;
  const body = Buffer.from(reply.body);
  session.outbox.write(stream, body, [0, body.length], body.length, true, undefined);
}

/** Gives a piece of a body to its stream; false: wait before sending more. */
export function sendPiece(session: Session, stream: Http2Stream, { bytes, part, trailers }: Piece): boolean {
  return session.outbox.write(stream, bytes, part.payload, part.size, part.done, trailers);
}

/** One request on a stream of its own. A class, because one is made per request. */
export class Http2Exchange implements Exchange, StreamReader {
  readonly head: RequestHead;
  readonly protocol = "HTTP/2";
  readonly startedAt: number;
  readonly early: Piece;
  /** One connection carries many. */
  readonly takeOver = undefined;
  readonly #owner: ExchangeOwner;
  readonly #session: Session;
  readonly #stream: Http2Stream;
  #sink: RequestSink | undefined;
  #requestDone: boolean;
  #received = 0;
  #mine = true;

  constructor(owner: ExchangeOwner, stream: Http2Stream, head: RequestHead) {
    const { framing } = head;
    this.#owner = owner;
    this.#session = owner.line.session;
    this.#stream = stream;
    this.head = head;
    this.startedAt = owner.options.clock.monotonic();
    this.#requestDone = framing.kind === "none";
    this.early = this.#requestDone ? lastPiece : noPiece;
    if (framing.kind === "length") stream.promised = framing.length;
    stream.reader = this;
  }

  begin(): void {
    // The handler may answer before it returns.
    this.#sink = this.#owner.options.onRequest(this);
  }

  requestDone(): boolean {
    return this.#requestDone;
  }

  received(): number {
    return this.#received;
  }

  interim(response: ResponseHead): void {
    if (this.#mine) this.#session.outbox.headers(this.#stream, listResponse(response, noEdit), false);
  }

  respond(response: ResponseHead, edit: HeaderEdit, piece: Piece): boolean {
    if (!this.#mine) return true;
    const bare = piece.part.done && piece.part.size === 0 && piece.trailers === undefined;
    this.#session.outbox.headers(this.#stream, listResponse(response, edit), bare);
    return bare || this.body(piece);
  }

  body(piece: Piece): boolean {
    if (!this.#mine || (piece.part.size === 0 && !piece.part.done)) return true;
    return sendPiece(this.#session, this.#stream, piece);
  }

  /** The answer is out: what is left of the request is of no interest. */
  finish(): void {
    if (!this.#mine) return;
    this.#mine = false;
    if (!this.#requestDone) this.#stopRequest();
  }

  /** The rest of the answer goes first. */
  #stopRequest(): void {
    const stream = this.#stream;
    if (stream.localClosed) this.#session.reset(stream, errorCode.none);
    else stream.resetAtEnd = true;
    this.#session.resume(stream);
  }

  reply(reply: ReplyHead): void {
    if (!this.#mine) return;
    answerStream(this.#session, this.#stream, reply);
    this.finish();
  }

  abort(): void {
    if (!this.#mine) return;
    this.#mine = false;
    this.#session.reset(this.#stream, errorCode.internal);
  }

  resume(): void {
    if (this.#mine) this.#session.resume(this.#stream);
  }

  // What comes on the stream.

  onHead(): void {
    // The head came before the exchange.
  }

  onData(bytes: Buffer, from: number, to: number, ended: boolean): boolean {
    this.#received += to - from;
    this.#requestDone ||= ended;
    if (!this.#mine || this.#sink === undefined) return true;
    return this.#sink.body(barePiece(bytes, from, to, ended));
  }

  onTrailers(fields: readonly HeaderField[]): void {
    const result = readTrailers(fields);
    if (result.kind === "error") {
      this.#break(result.error);
      return;
    }
    this.#requestDone = true;
    if (this.#mine) this.#sink?.body(endPiece(result.list));
  }

  #break(error: CodecError): void {
    const mine = this.#mine;
    this.#mine = false;
    if (mine) this.#sink?.broken(error);
    this.#owner.breakOff(this.#stream, error);
  }

  onWrongLength(): void {
    const mine = this.#mine;
    this.#mine = false;
    if (mine) this.#sink?.broken(refusal2.length);
  }

  onReset(code: number | undefined): void {
    const mine = this.#mine;
    this.#mine = false;
    if (mine) this.#sink?.gone();
    if (code !== undefined) this.#owner.onReset(this.startedAt);
  }

  onDrain(): void {
    if (this.#mine) this.#sink?.drained();
  }
}
