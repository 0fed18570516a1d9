import { createBodyScanner } from "../wire/http1/body.ts";
import type { BodyScanner } from "../wire/http1/body.ts";
import { mayComplete } from "../wire/http1/head.ts";
import { parseResponseHead } from "../wire/http1/response-head.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import type { Framing } from "../wire/http1/semantics.ts";
import { upstreamFraming, writeRequestHead } from "../wire/http1/write.ts";
import type { ClientExchange, ConnectionOwner, OutgoingRequest, ResponseHandlers } from "./client-exchange.ts";
import { framePiece, framePieces, lastPiece, noPiece, pieceOf } from "./piece.ts";
import type { Piece } from "./piece.ts";
import { goOn } from "./read-bytes.ts";
import { watchUpstream } from "./upstream-pool.ts";
import type { UpstreamConnection, UpstreamReader } from "./upstream-pool.ts";

/** Sends one request on a connection and reads the answer. When it is over nobody reads the connection any more. */
export function sendHttp1(
  connection: UpstreamConnection,
  request: OutgoingRequest,
  handlers: ResponseHandlers,
  owner: ConnectionOwner,
): ClientExchange {
  const exchange = new Http1ClientExchange(connection, request, handlers, owner);
  exchange.start(request);
  return exchange;
}

/** A class, because one is made per request: a dozen functions each would cost more than the exchange. */
class Http1ClientExchange implements ClientExchange, UpstreamReader {
  readonly #connection: UpstreamConnection;
  readonly #handlers: ResponseHandlers;
  readonly #owner: ConnectionOwner;
  readonly #method: string;
  readonly #outgoing: Framing;
  #pending: Buffer | undefined;
  #scanner: BodyScanner | undefined;
  #reusable = false;
  #answered = false;
  #over = false;

  constructor(
    connection: UpstreamConnection,
    request: OutgoingRequest,
    handlers: ResponseHandlers,
    owner: ConnectionOwner,
  ) {
    this.#connection = connection;
    this.#handlers = handlers;
    this.#owner = owner;
    this.#method = request.head.method;
    this.#outgoing = upstreamFraming(request.head);
  }

  start({ head, change, body }: OutgoingRequest): void {
    const { socket, writer } = this.#connection;
    watchUpstream(this.#connection);
    this.#connection.reader = this;
    if (socket.destroyed) {
      queueMicrotask(() => {
        this.#fail("connection termination");
      });
      return;
    }
    writer.write(
      writeRequestHead(head, {
        target: change.target,
        authority: change.authority,
        edit: change.edit,
        body: framePieces(body, this.#outgoing),
        framing: this.#outgoing,
      }),
    );
    // A server that is about to end a connection on which nothing was asked yet must see that something was.
    if (this.#connection.used === 0) writer.flush();
    goOn(socket);
  }

  write(piece: Piece): boolean {
    const { socket, writer } = this.#connection;
    if (this.#over || !socket.writable) return true;
    const bytes = framePiece(piece, this.#outgoing);
    return bytes.length === 0 || writer.write(bytes);
  }

  resume(): void {
    if (!this.#over) this.#connection.socket.resume();
  }

  abort(): void {
    this.#drop();
  }

  finish(whole: boolean): void {
    if (whole && this.#reusable) this.#owner.release(this.#connection);
    else this.#drop();
  }

  onData(chunk: Buffer): void {
    this.#answered = true;
    if (this.#scanner !== undefined) {
      this.#onBody(chunk, this.#scanner);
      return;
    }
    const fresh = this.#pending?.length ?? 0;
    let bytes = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = undefined;
    if (fresh > 0 && !mayComplete(bytes, 0, fresh)) {
      this.#pending = bytes;
      return;
    }
    while (!this.#over && bytes.length > 0) {
      const result = parseResponseHead(bytes, 0, this.#method);
      if (result.kind === "incomplete") {
        this.#pending = bytes.subarray(result.from);
        return;
      }
      if (result.kind === "error") {
        this.#fail("protocol error");
        return;
      }
      if (!result.head.interim) {
        this.#onHead(result.head, bytes, result.next);
        return;
      }
      this.#handlers.interim(result.head);
      bytes = bytes.subarray(result.next);
    }
  }

  onEnd(): void {
    if (this.#over) return;
    if (this.#scanner?.framing.kind === "until-close" && this.#connection.socket.readableEnded) {
      this.#drop();
      this.#reusable = false;
      this.#handlers.body(lastPiece);
      return;
    }
    this.#fail("connection termination");
  }

  onDrain(): void {
    this.#handlers.drained();
  }

  #onHead(head: ResponseHead, bytes: Buffer, next: number): void {
    const { socket } = this.#connection;
    if (head.upgrade !== undefined) {
      this.#detach();
      this.#connection.unwatch?.();
      socket.pause();
      this.#handlers.switched(socket, head, bytes.subarray(next));
      return;
    }
    const scanner = createBodyScanner(head.framing);
    this.#scanner = scanner;
    const part = scanner.scan(bytes, next);
    if (part.kind === "error") {
      // As in Envoy the head is told before its body is looked at.
      this.#handlers.head(head, noPiece);
      this.#fail("protocol error");
      return;
    }
    // Bytes behind the answer belong to nothing that was asked.
    this.#reusable = head.keepAlive && part.end === bytes.length;
    if (part.done) this.#detach();
    const more = this.#handlers.head(head, pieceOf(bytes, next, part));
    if (!more && !this.#over) socket.pause();
  }

  #onBody(chunk: Buffer, body: BodyScanner): void {
    const part = body.scan(chunk, 0);
    if (part.kind === "error") {
      this.#fail("protocol error");
      return;
    }
    if (part.end < chunk.length) this.#reusable = false;
    if (part.size === 0 && !part.done) return;
    if (part.done) this.#detach();
    const more = this.#handlers.body(pieceOf(chunk, 0, part));
    if (!more && !this.#over) this.#connection.socket.pause();
  }

  #detach(): void {
    this.#over = true;
    this.#connection.reader = undefined;
  }

  #drop(): void {
    if (!this.#over) this.#detach();
    const { socket, writer } = this.#connection;
    socket.on("error", swallow);
    // What was decided on went on its way before it was given up, as in Envoy.
    writer.flush();
    socket.destroy();
  }

  #fail(reason: "connection termination" | "protocol error"): void {
    if (this.#over) return;
    this.#drop();
    this.#handlers.failed(reason, this.#answered);
  }
}

function swallow(): void {
  // Whatever comes now belongs to a connection that is over.
}
