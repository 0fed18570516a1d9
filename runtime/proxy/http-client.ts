import { createBodyScanner, encodeChunks, endChunks, payloadOf } from "../wire/http1/body.ts";
import type { BodyPart, BodyScanner } from "../wire/http1/body.ts";
import { mayComplete } from "../wire/http1/head.ts";
import { parseResponseHead } from "../wire/http1/response-head.ts";
import type { ResponseHead } from "../wire/http1/response-head.ts";
import type { UpstreamConnection } from "./upstream-pool.ts";

export interface ResponseHandlers {
  /** 100, 103: another head follows. */
  readonly interim: (head: ResponseHead) => void;
  /** `early`: body bytes that are here already, framed for the next hop (until-close becomes chunked). */
  readonly head: (head: ResponseHead, early: Buffer, done: boolean, reusable: boolean) => boolean;
  /** False stops the flow until `resume`. */
  readonly body: (bytes: Buffer, done: boolean, reusable: boolean) => boolean;
  /** `answered`: some byte of an answer had come. */
  readonly failed: (cause: "termination" | "protocol", answered: boolean) => void;
  /** 101: the connection is no longer HTTP. */
  readonly switched: (head: ResponseHead, early: Buffer) => void;
  readonly drained: () => void;
}

export interface ClientExchange {
  /** False: wait for `drained`. */
  readonly write: (bytes: Buffer) => boolean;
  readonly resume: () => void;
  /** Gives up on the answer; the connection is destroyed. */
  readonly abort: () => void;
}

/** Sends one request on a connection and reads the answer. When it is over the connection has no listeners of ours left. */
export function sendRequest(
  connection: UpstreamConnection,
  method: string,
  first: Buffer,
  handlers: ResponseHandlers,
): ClientExchange {
  const { socket } = connection;
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

  function fail(cause: "termination" | "protocol"): void {
    if (over) return;
    detach();
    socket.on("error", swallow);
    socket.destroy();
    handlers.failed(cause, answered);
  }

  function onEnd(): void {
    if (over) return;
    if (scanner?.framing.kind === "until-close" && socket.readableEnded) {
      detach();
      socket.on("error", swallow);
      socket.destroy();
      handlers.body(endChunks(), true, false);
      return;
    }
    fail("termination");
  }

  function frame(from: Buffer, start: number, part: BodyPart): Buffer {
    const kind = scanner?.framing.kind;
    return kind === "chunked" || kind === "until-close" ? encodeChunks(from, start, part) : payloadOf(from, part);
  }

  function onHead(head: ResponseHead, bytes: Buffer, next: number): void {
    if (head.upgrade !== undefined) {
      detach();
      socket.pause();
      handlers.switched(head, bytes.subarray(next));
      return;
    }
    scanner = createBodyScanner(head.framing);
    const part = scanner.scan(bytes, next);
    if (part.kind === "error") {
      fail("protocol");
      return;
    }
    // Bytes behind the answer belong to nothing that was asked.
    reusable = head.keepAlive && part.end === bytes.length;
    if (part.done) detach();
    const more = handlers.head(head, frame(bytes, next, part), part.done, reusable);
    if (!more && !over) socket.pause();
  }

  function onBody(chunk: Buffer, body: BodyScanner): void {
    const part = body.scan(chunk, 0);
    if (part.kind === "error") {
      fail("protocol");
      return;
    }
    if (part.end < chunk.length) reusable = false;
    if (part.size === 0 && !part.done) return;
    if (part.done) detach();
    const more = handlers.body(frame(chunk, 0, part), part.done, reusable);
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
      const result = parseResponseHead(bytes, 0, method);
      if (result.kind === "incomplete") {
        pending = bytes.subarray(result.from);
        return;
      }
      if (result.kind === "error") {
        fail("protocol");
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
      fail("termination");
    });
  } else {
    socket.write(first);
    socket.resume();
  }

  return {
    write: (bytes) => over || !socket.writable || bytes.length === 0 || socket.write(bytes),
    resume: () => {
      if (!over) socket.resume();
    },
    abort: () => {
      if (!over) detach();
      socket.on("error", swallow);
      socket.destroy();
    },
  };
}

function swallow(): void {
  // Whatever comes now belongs to a connection that is over.
}
