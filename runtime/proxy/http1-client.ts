import { createBodyScanner } from "../wire/http1/body.ts";
import type { BodyScanner } from "../wire/http1/body.ts";
import { mayComplete } from "../wire/http1/head.ts";
import { parseResponseHead } from "../wire/http1/response-head.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import { writeRequestHead } from "../wire/http1/write.ts";
import type { ClientExchange, OutgoingRequest, Release, ResponseHandlers } from "./client-exchange.ts";
import { forwardedFraming } from "./forwarded-framing.ts";
import { framePiece, framePieces, lastPiece, pieceOf } from "./piece.ts";
import type { UpstreamConnection } from "./upstream-pool.ts";

/** Sends one request on a connection and reads the answer. When it is over the connection has no listeners of ours left. */
export function sendHttp1(
  connection: UpstreamConnection,
  request: OutgoingRequest,
  handlers: ResponseHandlers,
  release: Release,
): ClientExchange {
  const { socket } = connection;
  const { head: asked, change } = request;
  const outgoing = forwardedFraming(asked);
  let pending: Buffer | undefined;
  let scanner: BodyScanner | undefined;
  let reusable = false;
  let answered = false;
  let over = false;

  function isOver(): boolean {
    return over;
  }

  function detach(): void {
    over = true;
    socket.off("data", onData);
    socket.off("end", onEnd);
    socket.off("close", onEnd);
    socket.off("error", onEnd);
    socket.off("drain", handlers.drained);
  }

  function drop(): void {
    if (!over) detach();
    socket.on("error", swallow);
    socket.destroy();
  }

  function fail(reason: "connection termination" | "protocol error"): void {
    if (over) return;
    drop();
    handlers.failed(reason, answered);
  }

  function onEnd(): void {
    if (over) return;
    if (scanner?.framing.kind === "until-close" && socket.readableEnded) {
      drop();
      reusable = false;
      handlers.body(lastPiece);
      return;
    }
    fail("connection termination");
  }

  function onHead(head: ResponseHead, bytes: Buffer, next: number): void {
    if (head.upgrade !== undefined) {
      detach();
      socket.pause();
      handlers.switched(socket, head, bytes.subarray(next));
      return;
    }
    scanner = createBodyScanner(head.framing);
    const part = scanner.scan(bytes, next);
    if (part.kind === "error") {
      fail("protocol error");
      return;
    }
    // Bytes behind the answer belong to nothing that was asked.
    reusable = head.keepAlive && part.end === bytes.length;
    if (part.done) detach();
    const more = handlers.head(head, pieceOf(bytes, next, part));
    if (!more && !over) socket.pause();
  }

  function onBody(chunk: Buffer, body: BodyScanner): void {
    const part = body.scan(chunk, 0);
    if (part.kind === "error") {
      fail("protocol error");
      return;
    }
    if (part.end < chunk.length) reusable = false;
    if (part.size === 0 && !part.done) return;
    if (part.done) detach();
    const more = handlers.body(pieceOf(chunk, 0, part));
    if (!more && !over) socket.pause();
  }

  function onData(chunk: Buffer): void {
    answered = true;
    if (scanner !== undefined) {
      onBody(chunk, scanner);
      return;
    }
    const fresh = pending?.length ?? 0;
    let bytes = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
    pending = undefined;
    if (fresh > 0 && !mayComplete(bytes, 0, fresh)) {
      pending = bytes;
      return;
    }
    while (!isOver() && bytes.length > 0) {
      const result = parseResponseHead(bytes, 0, asked.method);
      if (result.kind === "incomplete") {
        pending = bytes.subarray(result.from);
        return;
      }
      if (result.kind === "error") {
        fail("protocol error");
        return;
      }
      if (!result.head.interim) {
        onHead(result.head, bytes, result.next);
        return;
      }
      handlers.interim(result.head);
      bytes = bytes.subarray(result.next);
    }
  }

  socket.on("data", onData);
  socket.on("end", onEnd);
  socket.on("close", onEnd);
  socket.on("error", onEnd);
  socket.on("drain", handlers.drained);
  if (socket.destroyed) {
    queueMicrotask(() => {
      fail("connection termination");
    });
  } else {
    const body = framePieces(request.body, outgoing);
    socket.write(writeRequestHead(asked, { ...change, body, framing: outgoing }));
    socket.resume();
  }

  return {
    write: (piece) => {
      if (over || !socket.writable) return true;
      const bytes = framePiece(piece, outgoing);
      return bytes.length === 0 || socket.write(bytes);
    },
    resume: () => {
      if (!over) socket.resume();
    },
    abort: drop,
    finish: (whole) => {
      if (whole && reusable) release(connection);
      else drop();
    },
  };
}

function swallow(): void {
  // Whatever comes now belongs to a connection that is over.
}
