import { readCertificates } from "../identity/certificate.ts";
import type { Clock } from "../core/clock.ts";
import type { Socket } from "node:net";
import type { AddressMap, DrainMode, FromDataPlane, Placement, ToDataPlane, Zone } from "../model/dataplane.ts";
import type { ProxyId } from "../model/snapshot.ts";
import { bindSnapshot, boundSections } from "./binding.ts";
import type { Binding } from "./binding.ts";
import type { Shared } from "./context.ts";
import type { TrustBundle } from "./credentials.ts";
import { readCapture } from "./pods/capture.ts";
import type { Outside } from "./pods/outside.ts";
import { refuse, relayFromOutsider } from "./pods/relay.ts";
import { createReplayMarks } from "./replay-marks.ts";
import { createReporter } from "./reporter.ts";
import { resendExchange } from "./resend.ts";
import { createRoom } from "./room.ts";
import { createSessionCache } from "./session-cache.ts";
import { createSidecar } from "./sidecar.ts";
import type { SidecarHandle } from "./sidecar.ts";
import { createSourcePorts } from "./source-ports.ts";

/** All sidecars of one process, obeying messages. */
export interface DataPlane {
  readonly receive: (message: ToDataPlane) => void;
  /** A connection that the transparent listener of a mesh namespace took. */
  readonly capture: (socket: Socket) => void;
  /** What pods are told of names. */
  readonly zone: () => Zone;
  readonly close: () => void;
}

export interface DataPlaneOptions {
  readonly clock: Clock;
  readonly send: (message: FromDataPlane) => void;
  /** Bytes sent that nobody has read yet. */
  readonly backlog: () => number;
  readonly pid: number;
  /** How many files and sockets the process may have open. */
  readonly descriptors: number;
  readonly draw: () => number;
  readonly uuid: () => string;
  readonly drain: DrainMode;
  /** In a mesh namespace: who lends sockets of the machine's network, and the namespace's own address. */
  readonly pods?: { readonly outside: Outside; readonly gateway: string };
}

const cachedSessions = 1024;

export function createDataPlane(options: DataPlaneOptions): DataPlane {
  const { clock, send } = options;
  const sidecars = new Map<ProxyId, SidecarHandle>();
  const placements = new Map<ProxyId, Placement>();
  let bundle: TrustBundle | undefined;
  let addresses: AddressMap = { kind: "alias", second: 244 };
  let names: ReadonlyMap<string, ProxyId> = new Map();
  let zone: Zone = { names: {}, aliases: {}, endpoints: {} };
  let dateText = "";
  let dateSecond = -1;
  const marks = createReplayMarks();
  const reporter = createReporter({
    clock,
    send,
    backlog: options.backlog,
    run: `${options.pid.toString(36)}-`,
    originalOf: marks.originalOf,
  });
  const shared: Shared = {
    clock,
    reporter,
    sessions: createSessionCache(cachedSessions),
    room: createRoom(options.descriptors),
    bundle: () => bundle,
    addresses: () => addresses,
    nameOf: (address) => names.get(address),
    draw: options.draw,
    uuid: options.uuid,
    sourcePorts: createSourcePorts(options.draw),
    drain: options.drain,
    outside: options.pods?.outside,
    date: () => {
      const now = clock.now();
      const second = Math.floor(now / 1000);
      if (second !== dateSecond) {
        dateSecond = second;
        dateText = new Date(now).toUTCString();
      }
      return dateText;
    },
  };

  function apply(message: Extract<ToDataPlane, { type: "apply" }>): void {
    const { generation } = message;
    addresses = message.addresses;
    names = new Map(Object.entries(message.names));
    for (const proxy of message.removed) {
      sidecars.get(proxy)?.close();
      sidecars.delete(proxy);
      placements.delete(proxy);
    }
    for (const placement of message.placements) placements.set(placement.proxy, placement);
    const changed = new Set<ProxyId>();
    const known = boundSections(Array.from(sidecars.values(), (sidecar) => sidecar.binding()));
    // All snapshots take effect before any listener is touched: no request meets half a generation.
    for (const snapshot of message.snapshots) {
      changed.add(snapshot.proxy);
      applyOne(snapshot.proxy, generation, () => bindSnapshot(snapshot, generation, known, clock));
    }
    for (const placement of message.placements) {
      if (!changed.has(placement.proxy)) applyOne(placement.proxy, generation, undefined);
    }
  }

  /** `bind` is missing where only the placement is new. */
  function applyOne(proxy: ProxyId, generation: number, bind: (() => Binding) | undefined): void {
    const done = (error: string | undefined): void => {
      send(
        error === undefined ? { type: "ack", generation, proxy } : { type: "nack", generation, proxy, reason: error },
      );
    };
    const placement = placements.get(proxy);
    try {
      const binding = bind?.();
      let sidecar = sidecars.get(proxy);
      if (sidecar === undefined) {
        if (binding === undefined) return;
        if (placement === undefined) throw new Error("no placement for this proxy");
        sidecar = createSidecar(
          proxy,
          shared,
          { binding, placement },
          {
            sendCsr: (csr) => {
              send({ type: "csr", proxy, csr });
            },
            onReady: () => {
              send({ type: "ready", proxy });
            },
          },
        );
        sidecars.set(proxy, sidecar);
      }
      sidecar.apply({ generation, binding, placement }, done);
    } catch (error) {
      done(error instanceof Error ? error.message : String(error));
    }
  }

  /** What is not known to be a pod's, or to a pod, is refused: before the first snapshot that is everything. */
  function capture(socket: Socket): void {
    const seen = readCapture(addresses, options.pods?.gateway ?? "", socket);
    if (seen.kind === "stray") return refuse(socket);
    const name = names.get(seen.pod);
    const sidecar = name === undefined ? undefined : sidecars.get(name);
    const isOutsider = addresses.kind === "pods" && addresses.outsiders.includes(seen.pod);
    if (sidecar !== undefined) {
      if (seen.kind === "outbound") sidecar.takeOutbound(socket, seen.destination);
      else sidecar.takeInbound(socket, seen.port);
    } else if (isOutsider && seen.kind === "outbound")
      relayFromOutsider(shared, socket, seen.pod, seen.destination, zone.endpoints);
    else refuse(socket);
  }

  function setBundle(version: number, roots: string): void {
    if (bundle?.version === version && bundle.roots === roots) return;
    const certificates = readCertificates(roots);
    if (certificates === undefined || certificates.length === 0) return;
    bundle = { version, roots, certificates };
    shared.sessions.sweep(() => false);
    for (const sidecar of sidecars.values()) sidecar.bundleChanged();
  }

  async function resend(token: number, id: string): Promise<void> {
    const outcome = await resendExchange(id, {
      records: reporter.records,
      bodyOf: reporter.bodies.find,
      placementOf: (proxy) => (sidecars.has(proxy) ? placements.get(proxy) : undefined),
      addresses: shared.addresses,
      uuid: options.uuid,
      marks,
    });
    // Whoever asked finds the new exchange among the events.
    reporter.flush();
    send({ type: "resent", token, outcome });
  }

  function receive(message: ToDataPlane): void {
    switch (message.type) {
      case "apply":
        apply(message);
        return;
      case "zone":
        zone = message;
        return;
      case "svid":
        sidecars.get(message.proxy)?.install(message.chain);
        return;
      case "svid.refused":
        sidecars.get(message.proxy)?.refused();
        return;
      case "svid.renew":
        sidecars.get(message.proxy)?.renew();
        return;
      case "bundle":
        setBundle(message.version, message.roots);
        return;
      case "observe":
        reporter.observe(message.perSecond, message.headers);
        return;
      case "replay":
        reporter.replay(message.token);
        return;
      case "resend":
        void resend(message.token, message.id);
        return;
      case "recall":
        reporter.recall(message.token, message.limit);
        return;
      case "ping":
        send({ type: "pong", token: message.token });
        return;
    }
  }

  send({ type: "hello", pid: options.pid });
  return {
    receive,
    capture,
    zone: () => zone,
    close: () => {
      for (const sidecar of sidecars.values()) sidecar.close();
      sidecars.clear();
      reporter.flush();
      reporter.close();
    },
  };
}
