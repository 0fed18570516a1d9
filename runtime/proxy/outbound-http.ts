import type { Tracked } from "./context.ts";
import type { Exchange, RequestSink } from "./exchange.ts";
import { serveHttp } from "./http-server.ts";
import type { OutboundConnection } from "./outbound.ts";
import { refuseOutbound } from "./outbound-record.ts";
import { handleOutbound } from "./outbound-request.ts";

/** HTTP from the own program: route, cluster, endpoint, mutual TLS (spec traffic §1.5, 2). */
export function serveOutboundHttp(connection: OutboundConnection): void {
  const { sidecar, socket } = connection;
  const { bodies } = sidecar.shared.reporter;
  const serve = (exchange: Exchange): RequestSink => handleOutbound(connection, sidecar.binding(), exchange);
  const server = serveHttp({
    socket,
    early: connection.early,
    alpn: null,
    clock: sidecar.shared.clock,
    http10: sidecar.binding().outbound.section.options.http10,
    onRequest: (exchange) => bodies.watch(exchange, serve),
    onRefused: (error, protocol) => refuseOutbound(connection, error, protocol),
    onClose: () => {
      sidecar.tracked.delete(tracked);
    },
  });
  // Every request is routed anew, so a new snapshot ends none of these.
  const tracked: Tracked = { recheck: () => undefined, close: server.destroy };
  sidecar.tracked.add(tracked);
  server.start();
}
