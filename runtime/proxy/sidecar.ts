import type { Socket } from "node:net";
import type { Placement } from "../model/dataplane.ts";
import type { ListenerBound } from "../model/event.ts";
import type { ProxyEndpoint } from "../wire/proxy-v2.ts";
import type { ProxyId } from "../model/snapshot.ts";
import type { Binding } from "./binding.ts";
import type { Shared, Sidecar, Tracked } from "./context.ts";
import { createCredentials } from "./credentials.ts";
import { appAddress } from "./dial-app.ts";
import type { AppAddress } from "./dial-app.ts";
import { acceptInbound } from "./inbound.ts";
import { createHttp2Pool } from "./http2-pool.ts";
import { listen } from "./listener.ts";
import type { BoundListener, ListenAddress } from "./listener.ts";
import { acceptCaptured, acceptOutbound } from "./outbound.ts";
import { createRequestSlots } from "./request-slots.ts";
import type { Accepted } from "./room.ts";
import { ignore } from "./server-handshake.ts";
import { keepsUpstream } from "./upstream-key.ts";
import { createUpstreamPool } from "./upstream-pool.ts";

/** The sidecar of one workload: its sockets, its certificate, and the snapshot they all obey. */
export interface SidecarHandle {
  /** What is in force. */
  readonly binding: () => Binding;
  /** Takes effect before it returns; `onDone` follows when every listener is bound, or says why it cannot be. */
  readonly apply: (change: SidecarChange, onDone: (error: string | undefined) => void) => void;
  readonly install: (chain: string) => void;
  readonly refused: () => void;
  readonly renew: () => void;
  readonly bundleChanged: () => void;
  /** A connection of the own program that was captured on its way. */
  readonly takeOutbound: (socket: Socket, destination: ProxyEndpoint) => void;
  /** A connection to a port of the own program that was captured. */
  readonly takeInbound: (socket: Socket, port: number) => void;
  readonly close: () => void;
}

export interface SidecarChange {
  readonly generation: number;
  /** Undefined: only the placement is new. */
  readonly binding: Binding | undefined;
  readonly placement: Placement | undefined;
}

interface Entrance {
  /** Told that there is no room for connections, until there is. */
  refusing: boolean;
}

interface OpenListener extends Entrance {
  readonly bound: BoundListener;
  error: string | undefined;
  pending: boolean;
}

interface WantedListener {
  readonly address: ListenAddress;
  readonly label: string;
  readonly from: Accepted;
  readonly accept: (sidecar: Sidecar, socket: Socket) => void;
}

export function createSidecar(
  proxy: ProxyId,
  shared: Shared,
  first: { readonly binding: Binding; readonly placement: Placement },
  hooks: { readonly sendCsr: (csr: string) => void; readonly onReady: () => void },
): SidecarHandle {
  let { binding, placement } = first;
  let closed = false;
  let ready = false;
  let waiting: ((error: string | undefined) => void)[] = [];
  const listeners = new Map<string, OpenListener>();
  const tracked = new Set<Tracked>();
  const captured = { outbound: { refusing: false }, inbound: { refusing: false } };
  const turns = new Map<string, number>();
  const upstreams = createUpstreamPool(shared.clock);
  const apps = new Map<number, AppAddress>();
  const sessions = createHttp2Pool(shared.clock);
  let fingerprint: string | undefined;
  const credentials = createCredentials(shared.clock, hooks.sendCsr, (svid) => {
    forgetSessions();
    fingerprint = svid.leaf.fingerprint256;
    announce();
  });
  const sidecar: Sidecar = {
    proxy,
    shared,
    counts: shared.reporter.counts(proxy),
    binding: () => binding,
    placement: () => placement,
    credentials,
    tracked,
    upstreams,
    app: (port) => {
      let address = apps.get(port);
      if (address === undefined) {
        address = appAddress(placement, port);
        apps.set(port, address);
      }
      return address;
    },
    known: new WeakMap(),
    parties: new WeakMap(),
    sessions,
    slots: createRequestSlots(),
    turn: (cluster) => {
      const turn = turns.get(cluster) ?? 0;
      turns.set(cluster, turn + 1);
      return turn;
    },
  };

  /** Sessions of a certificate that is gone are never asked for again. */
  function forgetSessions(): void {
    const old = fingerprint;
    if (old !== undefined) shared.sessions.sweep((key) => !key.includes(old));
  }

  /** `ready` is told once: when nothing is still being bound, nothing failed, and the certificate is there. */
  function announce(): void {
    if (ready || closed || credentials.svid() === undefined) return;
    if ([...listeners.values()].some((listener) => listener.pending || listener.error !== undefined)) return;
    ready = true;
    hooks.onReady();
  }

  function wanted(): ReadonlyMap<string, WantedListener> {
    const list = new Map<string, WantedListener>();
    for (const { port, host, listen: at } of placement.inbound) {
      list.set(`${port} ${host} ${at}`, {
        address: { host, port: at },
        label: `${host}:${at}`,
        from: "caller",
        accept: (self, socket) => {
          acceptInbound(self, port, socket);
        },
      });
    }
    if (placement.outbound !== "") {
      list.set(placement.outbound, {
        address: { path: placement.outbound },
        label: placement.outbound,
        from: "program",
        accept: acceptOutbound,
      });
    }
    return list;
  }

  function settle(): void {
    const open = [...listeners.values()];
    if (open.some((listener) => listener.pending)) return;
    const failed = open.find((listener) => listener.error !== undefined);
    const done = waiting;
    waiting = [];
    for (const callback of done) callback(failed?.error);
    announce();
  }

  function bindListeners(): void {
    const want = wanted();
    for (const [key, open] of listeners) {
      if (want.has(key) && open.error === undefined) continue;
      open.bound.close();
      listeners.delete(key);
    }
    for (const [key, { address, label, from, accept }] of want) {
      if (listeners.has(key)) continue;
      ready = false;
      const bound = listen(
        lentOr(address),
        shared.clock,
        (socket) => {
          if (shared.room.admit(socket, from)) accept(sidecar, socket);
          else refuse(open, label, from, socket);
        },
        (error) => {
          if (listeners.get(key) !== open) return;
          open.pending = false;
          open.error = error === undefined ? undefined : `cannot listen on ${label}: ${error.message}`;
          shared.reporter.event(listenerEvent(label, error?.message));
          settle();
        },
      );
      const open: OpenListener = { bound, error: undefined, pending: true, refusing: false };
      listeners.set(key, open);
    }
  }

  /** No room: the connection is cut without a byte, and whoever looks sees why, once. */
  function refuse(open: Entrance, label: string, from: Accepted, socket: Socket): void {
    socket.on("error", ignore);
    // Unix sockets know no reset.
    if (from === "program") socket.destroy();
    else socket.resetAndDestroy();
    if (open.refusing) return;
    open.refusing = true;
    const { room, reporter } = shared;
    const error = `refuses new connections: ${room.most(from)} are open, as many as its file descriptors allow`;
    reporter.event({ ...listenerEvent(label, error), full: true });
    room.whenRoom(() => {
      open.refusing = false;
      if (!closed) reporter.event(listenerEvent(label, undefined));
    });
  }

  function listenerEvent(address: string, error: string | undefined): ListenerBound {
    return {
      type: error === undefined ? "listener.bound" : "listener.failed",
      id: shared.reporter.nextId("e"),
      at: new Date(shared.clock.now()).toISOString(),
      generation: binding.generation,
      proxy,
      address,
      error: error ?? null,
    };
  }

  /** Idle upstream connections that the new snapshot would open differently. */
  function sweepUpstreams(): void {
    upstreams.sweep((connection) => keepsUpstream(sidecar, connection.key));
    sessions.sweep((key) => keepsUpstream(sidecar, key));
  }

  /** Host ports are the machine's, wherever this process is. */
  function lentOr(address: ListenAddress): ListenAddress {
    return shared.outside === undefined || "path" in address ? address : { ...address, outside: shared.outside };
  }

  function take(from: Accepted, label: string, socket: Socket, accept: () => void): void {
    const entrance = from === "program" ? captured.outbound : captured.inbound;
    if (shared.room.admit(socket, from)) accept();
    else refuse(entrance, label, from, socket);
  }

  credentials.expect(binding.snapshot.identity);
  return {
    takeOutbound: (socket, destination) => {
      take("program", "its outbound side", socket, () => {
        acceptCaptured(sidecar, socket, destination);
      });
    },
    takeInbound: (socket, port) => {
      take("caller", `port ${port}`, socket, () => {
        acceptInbound(sidecar, port, socket);
      });
    },
    binding: () => binding,
    apply: (change, onDone) => {
      const changed = change.binding !== undefined;
      const next = change.binding ?? { ...binding, generation: change.generation };
      binding = next;
      placement = change.placement ?? placement;
      apps.clear();
      if (changed) {
        credentials.expect(next.snapshot.identity);
        for (const connection of tracked) connection.recheck(next);
        sweepUpstreams();
      }
      bindListeners();
      waiting.push(onDone);
      settle();
    },
    install: (chain) => {
      credentials.install(chain);
    },
    refused: credentials.refused,
    renew: credentials.renew,
    bundleChanged: () => {
      for (const connection of tracked) connection.recheck(binding);
      sweepUpstreams();
    },
    close: () => {
      closed = true;
      credentials.close();
      forgetSessions();
      for (const open of listeners.values()) open.bound.close();
      listeners.clear();
      for (const connection of tracked) connection.close();
      upstreams.sweep(() => false);
      sessions.close();
      const done = waiting;
      waiting = [];
      for (const callback of done) callback(undefined);
    },
  };
}
