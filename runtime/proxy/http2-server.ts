import { constants, performServerHandshake } from "node:http2";
import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { TLSSocket } from "node:tls";
import type { CodecError } from "../wire/http1/error.ts";
import type { HeaderList } from "../wire/http2/fields.ts";
import { requestOfList } from "../wire/http2/request-head.ts";
import type { HttpConnection, HttpServerOptions } from "./exchange.ts";
import { isHeaderList } from "./http2-body.ts";
import { answerStream, openExchange } from "./http2-exchange.ts";
import { connectionWindow, sessionOptions } from "./http2-settings.ts";
import { ignore } from "./server-handshake.ts";

const idleMs = 3_600_000;

/** Reads requests from an HTTP/2 connection, each on its own stream. */
export function serveHttp2(options: HttpServerOptions): HttpConnection {
  const { socket, early } = options;
  let session: ServerHttp2Session | undefined;
  let retired = false;
  let draining = false;
  let closed = false;

  function onClose(): void {
    if (closed) return;
    closed = true;
    options.onClose();
  }

  function onStream(stream: ServerHttp2Stream, flags: number, list: HeaderList): void {
    stream.on("error", ignore);
    if (retired) {
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    const result = requestOfList(list, (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0);
    if (result.kind === "error") refuse(stream, result.error);
    else openExchange(stream, result.head, options);
    // This stream and those before it are the last: they end as usual.
    if (draining) session?.close();
  }

  function refuse(stream: ServerHttp2Stream, error: CodecError): void {
    const reply = options.onRefused(error, "HTTP/2");
    if (error.status !== 0) {
      answerStream(stream, reply);
      return;
    }
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    // As Envoy does: what breaks the rules of messages once is not trusted again.
    if (error.close) destroy();
  }

  function destroy(): void {
    if (session === undefined) socket.destroy();
    else session.destroy();
    onClose();
  }

  return {
    start: () => {
      if (socket.destroyed || closed) {
        onClose();
        return;
      }
      if (early.length > 0) socket.unshift(early);
      const own = performServerHandshake(socket, sessionOptions);
      session = own;
      // Node waits for this on a TLS socket that no server of its own has accepted; its handshake is long done.
      if (socket instanceof TLSSocket) socket.emit("secureConnect");
      if (!own.destroyed && !socket.destroyed) own.setLocalWindowSize(connectionWindow);
      own.on("stream", (stream, _headers, flags, list: unknown) => {
        onStream(stream, flags, isHeaderList(list) ? list : []);
      });
      // Sockets here may be half open, and Node's session would then go on without a caller.
      socket.on("end", destroy);
      own.on("error", ignore);
      own.on("close", onClose);
      own.setTimeout(idleMs, () => {
        own.close();
      });
    },
    retire: () => {
      if (retired) return;
      retired = true;
      if (session === undefined) destroy();
      else session.close();
    },
    drain: () => {
      draining = true;
    },
    destroy,
  };
}
