import { http2Preface } from "../wire/sniff.ts";
import type { HttpConnection, HttpServerOptions } from "./exchange.ts";
import { serveHttp1 } from "./http1-server.ts";
import { serveHttp2 } from "./http2-server.ts";
import { peek } from "./sniff.ts";

/** Bytes of the preface that decide. */
const enough = "PRI * HTTP/2".length;

/** Serves either version: the one that TLS agreed on, else by the first bytes, as Envoy's AUTO codec. */
export function serveHttp(options: HttpServerOptions): HttpConnection {
  if (options.alpn === "h2") return serveHttp2(options);
  if (options.alpn !== null) return serveHttp1(options);
  const early = isHttp2(options.early);
  if (early !== undefined) return early ? serveHttp2(options) : serveHttp1(options);
  return serveSniffed(options);
}

/** Undefined: too few bytes to tell. */
function isHttp2(bytes: Buffer): boolean | undefined {
  const same = Math.min(bytes.length, enough);
  if (bytes.compare(http2Preface, 0, same, 0, same) !== 0) return false;
  return same === enough ? true : undefined;
}

function serveSniffed(options: HttpServerOptions): HttpConnection {
  const { socket } = options;
  let connection: HttpConnection | undefined;
  let draining = false;

  function end(): void {
    if (connection !== undefined) connection.destroy();
    else socket.destroy();
  }

  return {
    start: () => {
      peek(socket, options.early, isHttp2, (result) => {
        if (result === undefined) {
          options.onClose();
          return;
        }
        const known = { ...options, early: result.bytes };
        connection = result.verdict ? serveHttp2(known) : serveHttp1(known);
        if (draining) connection.drain();
        connection.start();
      });
    },
    retire: () => {
      if (connection === undefined) end();
      else connection.retire();
    },
    drain: () => {
      draining = true;
      connection?.drain();
    },
    destroy: end,
  };
}
