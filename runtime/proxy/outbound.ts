import type { Socket } from "node:net";
import type { OutboundListener } from "../model/snapshot.ts";
import { needsServerName } from "../traffic/tcp-route.ts";
import type { Party } from "../model/event.ts";
import { parseProxyV2 } from "../wire/proxy-v2.ts";
import type { ProxyEndpoint } from "../wire/proxy-v2.ts";
import { parseClientHello } from "../wire/client-hello.ts";
import { sniffHttp } from "../wire/sniff.ts";
import { selfParty } from "./context.ts";
import type { Sidecar } from "./context.ts";
import { serveOutboundHttp } from "./outbound-http.ts";
import { serveOutboundTcp } from "./outbound-tcp.ts";
import { ignore } from "./server-handshake.ts";
import { peek } from "./sniff.ts";

/** A connection that the workload's program has opened, and where it wanted to go. */
export interface OutboundConnection {
  readonly sidecar: Sidecar;
  readonly socket: Socket;
  readonly early: Buffer;
  readonly destination: ProxyEndpoint;
  /** The same as `ip:port`. */
  readonly dialled: string;
  readonly from: Party;
  readonly acceptedAt: number;
  /** Of the program's own TLS, lower case; looked at only where routes ask for it. */
  readonly sni: string | undefined;
}

const headerTimeoutMs = 5000;

/** A connection from the own program: first its original destination, then its bytes (model.md §2). */
export function acceptOutbound(sidecar: Sidecar, socket: Socket): void {
  socket.on("error", ignore);
  const { clock } = sidecar.shared;
  const acceptedAt = clock.monotonic();
  const cancel = clock.after(headerTimeoutMs, () => {
    socket.destroy();
  });
  peek(
    socket,
    undefined,
    (bytes) => {
      const result = parseProxyV2(bytes);
      return result.kind === "incomplete" ? undefined : result;
    },
    (result) => {
      cancel();
      if (result === undefined) return;
      const header = result.verdict;
      if (header.kind === "error" || header.destination === undefined || header.family === "unix") {
        socket.destroy();
        return;
      }
      const from = selfParty(sidecar, header.source?.port ?? 0);
      route({
        sidecar,
        socket,
        early: result.bytes.subarray(header.next),
        destination: header.destination,
        dialled: `${header.destination.address}:${header.destination.port}`,
        from,
        acceptedAt,
        sni: undefined,
      });
    },
  );
}

/** A connection of the own program that was captured on its way to `destination`. */
export function acceptCaptured(sidecar: Sidecar, socket: Socket, destination: ProxyEndpoint): void {
  socket.on("error", ignore);
  route({
    sidecar,
    socket,
    early: Buffer.alloc(0),
    destination,
    dialled: `${destination.address}:${destination.port}`,
    from: selfParty(sidecar, socket.remotePort ?? 0),
    acceptedAt: sidecar.shared.clock.monotonic(),
    sni: undefined,
  });
}

/** Reads the server name first where routes are told apart by it (spec traffic 2.14.2). */
function routeTcp(connection: OutboundConnection, listener: OutboundListener | undefined): void {
  if (!needsServerName(listener)) {
    serveOutboundTcp(connection);
    return;
  }
  peek(
    connection.socket,
    connection.early,
    (bytes) => {
      const hello = parseClientHello(bytes);
      return hello.kind === "incomplete" ? undefined : hello;
    },
    (result) => {
      if (result === undefined) return;
      const hello = result.verdict;
      const sni = hello.kind === "hello" ? hello.sni?.toLowerCase() : undefined;
      serveOutboundTcp({ ...connection, early: result.bytes, sni });
    },
  );
}

/** Sends HTTP to the routes of the listener and everything else to its fallback (spec traffic 1.1.6). */
function route(connection: OutboundConnection): void {
  const { sidecar, socket, destination } = connection;
  const listener = sidecar.binding().outbound.traffic.listener(destination.address, destination.port);
  if (listener === undefined || listener.protocol === "tcp") {
    routeTcp(connection, listener);
    return;
  }
  peek(
    socket,
    connection.early,
    (bytes) => {
      const protocol = sniffHttp(bytes);
      return protocol === "need-more" || protocol === "too-long" ? undefined : protocol;
    },
    (result) => {
      if (result === undefined) return;
      const next = { ...connection, early: result.bytes };
      const { http10 } = sidecar.binding().outbound.section.options;
      const { verdict } = result;
      if (verdict === "http/1.1" || verdict === "h2c" || (verdict === "http/1.0" && http10)) serveOutboundHttp(next);
      else serveOutboundTcp(next);
    },
  );
}
