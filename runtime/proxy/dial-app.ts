import { connect } from "node:net";
import type { Socket } from "node:net";
import type { Placement, SocketAddress } from "../model/dataplane.ts";
import { isWorkloadAddress } from "./address.ts";
import type { Shared, Sidecar } from "./context.ts";
import { ignore } from "./server-handshake.ts";
import { isPortTaken } from "./source-ports.ts";
import type { Dialled, DialFailure, ReadySocket } from "./upstream.ts";

const connectTimeoutMs = 10_000;

/** Where the own application is, and the key of the connections to it. */
export interface AppAddress {
  readonly address: SocketAddress;
  readonly key: string;
}

export function appAddress(placement: Placement, port: number): AppAddress {
  const address = placement.app[String(port)] ?? { kind: "tcp", host: placement.appHost, port };
  return { address, key: `app ${address.kind === "unix" ? address.path : `${address.host}:${address.port}`}` };
}

/** Opens a plain connection. Exactly one of the outcomes is told; the returned function gives up. */
export function dial(
  sidecar: Pick<Sidecar, "shared">,
  address: SocketAddress,
  timeoutMs: number,
  localAddress: string | undefined,
  done: (
    result:
      | { readonly ok: true; readonly socket: Socket }
      | { readonly ok: false; readonly timeout: boolean; readonly error: NodeJS.ErrnoException },
  ) => void,
): () => void {
  const { room, clock, sourcePorts, outside } = sidecar.shared;
  if (!room.mayOpen()) {
    const error = Object.assign(new Error("no room for another connection"), { code: "EMFILE" });
    return clock.after(0, () => {
      done({ ok: false, timeout: false, error });
    });
  }
  if (outside !== undefined && address.kind === "tcp" && isOutside(sidecar.shared, address.host)) {
    const { host, port } = address;
    return outside.connect({ host, port, timeoutMs }, (outcome) => {
      if (outcome instanceof Error) {
        done({ ok: false, timeout: outcome.code === "ETIMEDOUT", error: outcome });
        return;
      }
      room.opened(outcome);
      outcome.on("error", ignore);
      done({ ok: true, socket: outcome });
    });
  }
  let ownPort = localAddress === undefined ? undefined : sourcePorts.next(localAddress);
  let settled = false;
  let socket = begin();

  function begin(): Socket {
    const opened =
      address.kind === "unix"
        ? connect({ path: address.path, allowHalfOpen: true })
        : connect({
            host: address.host,
            port: address.port,
            allowHalfOpen: true,
            noDelay: true,
            ...(localAddress === undefined ? {} : { localAddress }),
            ...(ownPort === undefined ? {} : { localPort: ownPort }),
          });
    room.opened(opened);
    opened.on("connect", onConnect);
    opened.on("error", onError);
    return opened;
  }

  function settle(): boolean {
    if (settled) return false;
    settled = true;
    cancelTimer();
    socket.off("connect", onConnect);
    socket.off("error", onError);
    socket.on("error", ignore);
    return true;
  }

  function onConnect(): void {
    if (settle()) done({ ok: true, socket });
  }

  function onError(error: NodeJS.ErrnoException): void {
    if (!settled && ownPort !== undefined && isPortTaken(error)) {
      // The system finds one that is free.
      ownPort = undefined;
      socket = begin();
      return;
    }
    if (!settle()) return;
    socket.destroy();
    done({ ok: false, timeout: error.code === "ETIMEDOUT", error });
  }

  const cancelTimer = clock.after(timeoutMs, () => {
    if (!settle()) return;
    socket.destroy();
    done({ ok: false, timeout: true, error: new Error("connect timed out") });
  });
  return () => {
    if (settle()) socket.destroy();
  };
}

/** In a mesh namespace there are pods and other sidecars; everything else is beyond it. */
function isOutside(shared: Shared, host: string): boolean {
  const map = shared.addresses();
  return map.kind === "pods" && !isWorkloadAddress(host) && !host.startsWith(`127.${map.second}.`);
}

export function openApp(sidecar: Sidecar, address: SocketAddress, done: (result: Dialled) => void): () => void {
  return dial(sidecar, address, connectTimeoutMs, undefined, (result) => {
    done(result.ok ? plainSocket(result.socket) : dialFailure(result));
  });
}

export function plainSocket(socket: Socket): ReadySocket {
  return { kind: "socket", socket, handshake: null, leaf: undefined, spiffe: null };
}

export function dialFailure({ timeout, error }: { timeout: boolean; error: NodeJS.ErrnoException }): DialFailure {
  return {
    kind: "failed",
    reason: timeout ? "connection timeout" : "remote connection failure",
    transport: timeout ? "" : transportOf(error),
  };
}

/** Envoy's words for a connect error (spec traffic 5.5). */
export function transportOf(error: NodeJS.ErrnoException): string {
  const known = error.code === undefined ? undefined : connectErrors.get(error.code);
  return known ?? `delayed connect error: ${error.code ?? error.message}`;
}

const connectErrors: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "delayed connect error: Connection refused"],
  ["ENOENT", "delayed connect error: Connection refused"],
  ["EHOSTUNREACH", "delayed connect error: No route to host"],
  ["ENETUNREACH", "immediate connect error: Network is unreachable"],
  ["EMFILE", "immediate connect error: Too many open files"],
  ["ECONNRESET", "delayed connect error: Connection reset by peer"],
]);
