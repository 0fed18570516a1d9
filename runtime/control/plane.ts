import type { Clock } from "../core/clock.ts";
import { compile } from "../compile/compile.ts";
import type { AddressMap, Placement, ToDataPlane } from "../model/dataplane.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import type { ProxyId, ProxySnapshot } from "../model/snapshot.ts";
import { createGenerations, type GenerationReport, type Generations } from "./generations.ts";
import { callerNames, placeSidecar, type SocketPaths } from "./placement.ts";

export interface PlaneOptions {
  readonly clock: Clock;
  readonly paths: SocketPaths;
  /** How the addresses of these workloads map to sockets. */
  readonly addressesFor: (workloads: readonly Workload[]) => AddressMap;
  readonly send: (message: ToDataPlane) => void;
  readonly onReport: (report: GenerationReport) => void;
  /** A sidecar is no more. */
  readonly onRemoved: (proxy: ProxyId) => void;
}

/** What the plane makes snapshots of. */
export interface PlaneInput {
  readonly mesh: Mesh;
  /** Workloads that shall run: only they have sidecars, and only they can be endpoints. */
  readonly active: ReadonlySet<string>;
  /** Workloads that may get traffic. */
  readonly ready: ReadonlySet<string>;
  /** Callers without a program of their own, `frontend#exec-1`. */
  readonly leases: readonly Workload[];
  /** Ports on which a program listens on TCP, past its hook, by workload. */
  readonly inTheOpen: ReadonlyMap<string, ReadonlySet<number>>;
  /** JWK sets that were fetched, by URL. */
  readonly keySets: ReadonlyMap<string, string>;
}

/** Compiles, pushes what changed, and counts ACKs. */
export interface Plane {
  /** Makes the input current. With `generation` it is a new one, counted from `since` (monotonic ms); else endpoints of the same. */
  readonly update: (
    input: PlaneInput,
    generation?: { readonly number: number; readonly since: number | undefined },
  ) => void;
  /** Whether `input` would change what any sidecar obeys. */
  readonly differs: (input: PlaneInput) => boolean;
  /** What it would be compiled to. */
  readonly preview: (input: PlaneInput) => ReadonlyMap<ProxyId, ProxySnapshot>;
  /** A data plane began that knows nothing. */
  readonly resend: () => void;
  readonly snapshots: () => ReadonlyMap<ProxyId, ProxySnapshot>;
  readonly generations: Pick<Generations, "ack" | "nack" | "isLive" | "whenLive" | "close">;
}

export function createPlane(options: PlaneOptions): Plane {
  const { send } = options;
  const generations = createGenerations(options.clock, options.onReport);
  let number = 0;
  let snapshots: ReadonlyMap<ProxyId, ProxySnapshot> = new Map();
  let placements: ReadonlyMap<ProxyId, Placement> = new Map();
  let addresses: AddressMap = options.addressesFor([]);
  let names: Readonly<Record<string, ProxyId>> = {};
  /** Compiling is the dearest step: what was computed to compare is used to push. */
  let prepared: { readonly input: PlaneInput; readonly snapshots: ReadonlyMap<ProxyId, ProxySnapshot> } | undefined;

  function compileAll(input: PlaneInput): ReadonlyMap<ProxyId, ProxySnapshot> {
    if (prepared?.input === input) return prepared.snapshots;
    const workloads = input.mesh.workloads.filter((workload) => input.active.has(workload.id));
    const mesh = { ...input.mesh, workloads };
    const world = { ready: input.ready, keySets: input.keySets };
    const all = new Map(compile(mesh, world, snapshots));
    for (const lease of input.leases) {
      const own = compile({ ...mesh, workloads: [...workloads, lease] }, world, all).get(lease.id);
      if (own !== undefined) all.set(lease.id, keepIfEqual(snapshots.get(lease.id), withoutEndpoint(own, lease.id)));
    }
    prepared = { input, snapshots: all };
    return all;
  }

  function apply(changed: readonly ProxyId[], removed: readonly ProxyId[]): void {
    send({
      type: "apply",
      generation: number,
      snapshots: changed.flatMap((proxy) => snapshots.get(proxy) ?? []),
      placements: changed.flatMap((proxy) => placements.get(proxy) ?? []),
      removed,
      addresses,
      names,
    });
  }

  return {
    update: (input, generation) => {
      const next = compileAll(input);
      const sidecars = [...input.mesh.workloads, ...input.leases].filter((workload) => next.has(workload.id));
      const map = options.addressesFor([...input.mesh.workloads, ...input.leases]);
      const placed = new Map(
        sidecars.map((workload): [ProxyId, Placement] => {
          const placement = placeSidecar(workload, map, options.paths, input.inTheOpen.get(workload.id) ?? new Set());
          const before = placements.get(workload.id);
          return [
            workload.id,
            JSON.stringify(before) === JSON.stringify(placement) && before !== undefined ? before : placement,
          ];
        }),
      );
      const changed = [...next.keys()].filter(
        (proxy) => next.get(proxy) !== snapshots.get(proxy) || placed.get(proxy) !== placements.get(proxy),
      );
      const removed = [...snapshots.keys()].filter((proxy) => !next.has(proxy));
      const proxies = [...next.keys()];
      const nextNames = callerNames([...input.mesh.workloads, ...input.leases]);
      const sameNames = JSON.stringify(nextNames) === JSON.stringify(names);
      snapshots = next;
      for (const proxy of removed) options.onRemoved(proxy);
      placements = placed;
      addresses = map;
      if (!sameNames) names = nextNames;
      if (generation === undefined) {
        if (changed.length === 0 && removed.length === 0 && sameNames) return;
        apply(changed, removed);
        generations.push(proxies, changed);
        return;
      }
      number = generation.number;
      apply(changed, removed);
      generations.begin({ generation: number, since: generation.since, proxies, pushed: changed });
    },
    differs: (input) => {
      const next = compileAll(input);
      return next.size !== snapshots.size || [...next].some(([proxy, snapshot]) => snapshots.get(proxy) !== snapshot);
    },
    preview: compileAll,
    resend: () => {
      if (number === 0) return;
      const all = [...snapshots.keys()];
      apply(all, []);
      generations.push(all, all);
    },
    snapshots: () => snapshots,
    generations,
  };
}

/** A caller that serves nothing is nobody's endpoint, although the labels of its service select it. */
function withoutEndpoint(snapshot: ProxySnapshot, workload: ProxyId): ProxySnapshot {
  const clusters = Object.fromEntries(
    Object.entries(snapshot.outbound.clusters).map(([name, cluster]) => [
      name,
      cluster.endpoints.some((endpoint) => endpoint.workload === workload)
        ? { ...cluster, endpoints: cluster.endpoints.filter((endpoint) => endpoint.workload !== workload) }
        : cluster,
    ]),
  );
  return { ...snapshot, outbound: { ...snapshot.outbound, clusters } };
}

function keepIfEqual(before: ProxySnapshot | undefined, after: ProxySnapshot): ProxySnapshot {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(after) ? before : after;
}
