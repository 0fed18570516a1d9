import type { Clock } from "../core/clock.ts";
import type { AddressMap, DrainMode, Placement } from "../model/dataplane.ts";
import type { Party } from "../model/event.ts";
import type { Endpoint, ProxyId } from "../model/snapshot.ts";
import { toModelAddress } from "./address.ts";
import type { Binding } from "./binding.ts";
import type { Credentials, TrustBundle } from "./credentials.ts";
import type { AppAddress } from "./dial-app.ts";
import type { Http2Pool } from "./http2-pool.ts";
import type { MutableCounts } from "./meter.ts";
import type { Reporter } from "./reporter.ts";
import type { Room } from "./room.ts";
import type { SessionCache } from "./session-cache.ts";
import type { Outside } from "./pods/outside.ts";
import type { KnownEndpoint } from "./upstream-key.ts";
import type { RequestSlots } from "./request-slots.ts";
import type { SourcePorts } from "./source-ports.ts";
import type { UpstreamPool } from "./upstream-pool.ts";

/** What all sidecars of the process share. Values that messages replace are read through functions. */
export interface Shared {
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly sessions: SessionCache;
  readonly room: Room;
  readonly bundle: () => TrustBundle | undefined;
  readonly addresses: () => AddressMap;
  readonly nameOf: (address: string) => ProxyId | undefined;
  /** A number in [0, 1). */
  readonly draw: () => number;
  readonly uuid: () => string;
  readonly sourcePorts: SourcePorts;
  readonly drain: DrainMode;
  /** Where sockets of the machine's own network come from; undefined: they are opened here. */
  readonly outside: Outside | undefined;
  /** The value of a `date` header, now. */
  readonly date: () => string;
}

/** One sidecar, as the code of its connections sees it. */
export interface Sidecar {
  readonly proxy: ProxyId;
  readonly shared: Shared;
  /** What is counted of it. */
  readonly counts: MutableCounts;
  /** The snapshot in force; ask anew for every decision. */
  readonly binding: () => Binding;
  readonly placement: () => Placement;
  readonly credentials: Credentials;
  /** Open connections, looked at again whenever the snapshot changes (model.md §4). */
  readonly tracked: Set<Tracked>;
  readonly upstreams: UpstreamPool;
  /** Where the own application takes what comes to a port. */
  readonly app: (port: number) => AppAddress;
  /** What requests to the same endpoint need again and again. */
  readonly known: WeakMap<Endpoint, KnownEndpoint>;
  readonly parties: WeakMap<Endpoint, Party>;
  readonly sessions: Http2Pool;
  readonly slots: RequestSlots;
  /** Round robin position by cluster name. */
  readonly turn: (cluster: string) => number;
}

/** An open connection that a new snapshot may end. */
export interface Tracked {
  readonly recheck: (binding: Binding) => void;
  readonly close: () => void;
}

/** The other end of an accepted connection. */
export function partyOf(
  shared: Shared,
  host: string | undefined,
  port: number | undefined,
  spiffe: string | null,
): Party {
  const address = toModelAddress(shared.addresses(), host ?? "unknown");
  return { workload: shared.nameOf(address) ?? null, address: `${address}:${port ?? 0}`, spiffe };
}

/** This sidecar's own workload, at one of its ports. */
export function selfParty(sidecar: Sidecar, port: number): Party {
  const { snapshot } = sidecar.binding();
  return {
    workload: sidecar.proxy,
    address: `${snapshot.workload.address}:${port}`,
    spiffe: sidecar.credentials.svid()?.spiffe ?? null,
  };
}
