import type { HttpVersion } from "../model/event.ts";
import type { ReplyHead } from "../traffic/reply-head.ts";
import type { CodecError } from "../wire/http1/error.ts";
import type { Binding } from "./binding.ts";
import type { Tracked } from "./context.ts";
import { deafSink } from "./deaf-sink.ts";
import { follow } from "./follow.ts";
import type { Exchange, RequestSink } from "./exchange.ts";
import { serveHttp } from "./http-server.ts";
import { isStillAccepted } from "./inbound-connection.ts";
import type { InboundConnection } from "./inbound-connection.ts";
import { handleInbound } from "./inbound-request.ts";
import { refuseHead } from "./refuse-head.ts";

/** HTTP from a caller to the own application: decide, tell who called, pass on (spec security §12.8). */
export function serveInboundHttp(connection: InboundConnection): void {
  const { sidecar, socket, tls } = connection;
  const { bodies } = sidecar.shared.reporter;
  const current = (): Binding | undefined => (doomed ? undefined : follower.binding());
  const serve = (exchange: Exchange): RequestSink => handleInbound(connection, follower.binding(), exchange, current);
  let doomed = false;

  const server = serveHttp({
    socket,
    early: connection.early,
    alpn: tls?.alpn ?? null,
    clock: sidecar.shared.clock,
    http10: sidecar.binding().inbound.section.options.http10,
    onRequest: (exchange) => {
      if (doomed) {
        exchange.abort();
        return deafSink;
      }
      return bodies.watch(exchange, serve);
    },
    onRefused: (error, protocol) => refuse(connection, error, protocol),
    onClose: () => {
      sidecar.tracked.delete(tracked);
      follower.end();
    },
  });

  const follower = follow(connection, {
    obey: (next) => {
      if (isStillAccepted(connection, next)) return;
      doomed = true;
      server.retire();
    },
    drain: server.drain,
    cut: server.destroy,
  });
  const tracked: Tracked = { recheck: follower.recheck, close: server.destroy };
  sidecar.tracked.add(tracked);
  server.start();
}

/** A head that breaks the protocol never reaches a policy. */
function refuse(connection: InboundConnection, error: CodecError, protocol: HttpVersion): ReplyHead {
  const { sidecar, tls } = connection;
  sidecar.counts.requests += 1;
  return refuseHead(sidecar, error, {
    side: "inbound",
    protocol,
    options: sidecar.binding().inbound.section.options,
    from: connection.from,
    to: connection.to,
    destination: null,
    handshake: tls?.handshake ?? null,
    cluster: null,
  });
}
