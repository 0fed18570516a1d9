import type { CodecError } from "../wire/http1/error.ts";
import { errorCode } from "../wire/http2/frame.ts";
import type { HeaderField } from "../wire/http2/header-field.ts";
import { readRequest } from "../wire/http2/request-head.ts";
import type { Http2Stream } from "../wire/http2/stream.ts";
import type { HttpConnection, HttpServerOptions } from "./exchange.ts";
import { answerStream, Http2Exchange } from "./http2-exchange.ts";
import type { ExchangeOwner } from "./http2-exchange.ts";
import { Http2Line } from "./http2-line.ts";
import type { LineUser } from "./http2-line.ts";

const idleMs = 3_600_000;

/**
 * A connection whose requests are given up this early, half of all and no fewer than half of this many, is not worth its trouble
 * (Envoy's `overload.premature_reset_total_stream_count` and `…_min_stream_lifetime_seconds`).
 */
const rapid = { streams: 500, lifetimeMs: 1000 };

/** Reads requests from an HTTP/2 connection, each on its own stream. */
export function serveHttp2(options: HttpServerOptions): HttpConnection {
  return new Http2ServerConnection(options);
}

class Http2ServerConnection implements HttpConnection, LineUser, ExchangeOwner {
  readonly line: Http2Line;
  readonly options: HttpServerOptions;
  #draining = false;
  #leaving = false;
  #ended = 0;
  #premature = 0;

  constructor(options: HttpServerOptions) {
    this.options = options;
    this.line = new Http2Line("server", options.socket, options.clock, this);
  }

  readonly start = (): void => {
    const { socket, early } = this.options;
    socket.on("timeout", this.#onIdle);
    socket.setTimeout(idleMs);
    this.line.start(early);
  };

  readonly #onIdle = (): void => {
    this.retire();
  };

  readonly retire = (): void => {
    this.#leaving = true;
    this.line.session.leave();
    this.#endWhenIdle();
  };

  readonly drain = (): void => {
    this.#draining = true;
  };

  readonly destroy = (): void => {
    this.line.destroy();
  };

  onRequest(stream: Http2Stream, fields: readonly HeaderField[], ended: boolean): void {
    const result = readRequest(fields, ended);
    if (result.kind === "error") this.#refuse(stream, result.error);
    else new Http2Exchange(this, stream, result.head).begin();
    // This stream and those before it are the last: they end as usual.
    if (this.#draining) this.retire();
  }

  #refuse(stream: Http2Stream, error: CodecError): void {
    const reply = this.options.onRefused(error, "HTTP/2");
    const { session } = this.line;
    if (error.status !== 0) {
      answerStream(session, stream, reply);
      if (!stream.remoteClosed) session.reset(stream, errorCode.none);
    } else this.breakOff(stream, error);
  }

  /** As Envoy does: what breaks the rules of messages once is not trusted again. */
  breakOff(stream: Http2Stream, error: CodecError): void {
    const { session } = this.line;
    if (error.close) session.fail(errorCode.protocol, error.details);
    else session.reset(stream, errorCode.internal);
  }

  onStreamEnd(): void {
    this.#ended += 1;
    if (this.#leaving) this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    if (this.line.session.streams.size === 0) this.line.end();
  }

  onReset(startedAt: number): void {
    if (this.options.clock.monotonic() - startedAt < rapid.lifetimeMs) this.#premature += 1;
    if (this.#premature * 2 >= Math.max(rapid.streams, this.#ended))
      this.line.session.fail(errorCode.enhanceYourCalm, "too many resets");
  }

  onGoaway(): void {
    // The caller opens no more streams, or does: it is free to.
  }

  onClose(): void {
    this.options.socket.off("timeout", this.#onIdle);
    this.options.onClose();
  }
}
