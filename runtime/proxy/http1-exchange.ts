import type { HttpVersion } from "../model/event.ts";
import type { HeaderEdit } from "../model/header-edit.ts";
import type { ReplyHead } from "../traffic/reply-head.ts";
import { createBodyScanner } from "../wire/http1/body.ts";
import type { BodyScanner } from "../wire/http1/body.ts";
import { hasHeader } from "../wire/http1/head.ts";
import type { RequestHead } from "../wire/http1/head.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import { chunkedBody, noBody, untilClose } from "../wire/http1/semantics.ts";
import type { Framing } from "../wire/http1/semantics.ts";
import { writeResponseHead } from "../wire/http1/write.ts";
import type { Exchange, RequestSink, TakenOver } from "./exchange.ts";
import { framePiece, noPiece } from "./piece.ts";
import type { Piece } from "./piece.ts";
import { encodeReply } from "./reply.ts";
import type { SocketWriter } from "./socket-writer.ts";

/** The connection that an exchange is on, as far as its answer concerns it. */
export interface Http1Line {
  readonly writer: SocketWriter;
  readonly isOver: () => boolean;
  /** Reads on, as far as there is room. */
  readonly flow: () => void;
  /** Says, with true, that the connection ends after this answer; tells whether it does. */
  readonly closing: (last: boolean) => boolean;
  /** The answer is complete, and the connection free for the next request. */
  readonly next: () => void;
  readonly endGently: () => void;
  readonly cut: () => void;
  readonly handOver: () => TakenOver;
}

/** A class, because one is made per request: a dozen functions each would cost more than the exchange. */
export class Http1Exchange implements Exchange {
  readonly protocol: HttpVersion;
  readonly head: RequestHead;
  readonly startedAt: number;
  readonly scanner: BodyScanner;
  early: Piece = noPiece;
  sink: RequestSink | undefined;
  /** Of the request. */
  complete = false;
  size = 0;
  readonly #line: Http1Line;
  readonly #version: "1.0" | "1.1";
  #mine = true;
  /** Of the answer. */
  #framing: Framing = noBody;

  constructor(line: Http1Line, head: RequestHead, startedAt: number) {
    this.#line = line;
    this.head = head;
    this.#version = head.version === "1.0" ? "1.0" : "1.1";
    this.protocol = `HTTP/${this.#version}`;
    this.startedAt = startedAt;
    this.scanner = createBodyScanner(head.framing);
  }

  requestDone(): boolean {
    return this.complete;
  }

  received(): number {
    return this.size;
  }

  interim(response: ResponseHead): void {
    this.#send(writeResponseHead(response));
  }

  respond(response: ResponseHead, edit: HeaderEdit, piece: Piece): boolean {
    this.#framing = response.framing.kind === "until-close" ? chunkedBody : response.framing;
    // Nothing but the end of the connection tells an HTTP/1.0 client where the body ends.
    const endless = this.#version === "1.0" && this.#framing.kind === "chunked";
    if (endless) this.#framing = untilClose;
    return this.#send(
      writeResponseHead(response, {
        edit,
        framing: saidFraming(response, this.head.method, this.#framing),
        close: this.#isClosing(endless),
        version: this.#version,
        body: framePiece(piece, this.#framing),
      }),
    );
  }

  body(piece: Piece): boolean {
    return this.#send(framePiece(piece, this.#framing));
  }

  finish(): void {
    if (!this.#mine || this.#line.isOver()) return;
    this.#mine = false;
    if (this.#isClosing(false)) this.#line.endGently();
    else this.#line.next();
  }

  reply(reply: ReplyHead, last: boolean): void {
    this.#send(encodeReply(reply, this.#isClosing(last), this.#version));
    this.finish();
  }

  abort(): void {
    if (!this.#mine || this.#line.isOver()) return;
    this.#mine = false;
    this.#line.cut();
  }

  resume(): void {
    if (this.#mine && !this.#line.isOver()) this.#line.flow();
  }

  takeOver(response: ResponseHead, edit: HeaderEdit, bytes: Buffer): TakenOver {
    this.#send(writeResponseHead(response, { edit, body: bytes }));
    this.#mine = false;
    return this.#line.handOver();
  }

  #send(bytes: Buffer): boolean {
    return !this.#mine || this.#line.isOver() || bytes.length === 0 || this.#line.writer.write(bytes);
  }

  /** Whether the connection ends after this answer; once said it holds. */
  #isClosing(last: boolean): boolean {
    // For Envoy the request of a tunnel never ends, whether it gets one or not.
    const { head } = this;
    return this.#line.closing(last || !this.complete || head.upgrade !== undefined || head.method === "CONNECT");
  }
}

/** What the head says of the body: where nothing was said, a client of HTTP/1 needs to be told that there is none, as Envoy tells it. */
function saidFraming(response: ResponseHead, method: string, framing: Framing): Framing {
  if (framing.kind !== "none" || hasHeader(response, "content-length")) return framing;
  if (response.status < 200 || response.status === 204 || response.status === 304) return framing;
  return method === "HEAD" ? chunkedBody : zeroLength;
}

const zeroLength: Framing = { kind: "length", length: 0 };
