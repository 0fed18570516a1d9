import type { Provenance } from "../model/resource.ts";
import type { EffectiveMtlsMode, InboundListener, ProxySnapshot } from "../model/snapshot.ts";
import { type AccessClass, type AccessClasses, callerCell, classesOf } from "./classes.ts";
import { type Arrival, arrivalOf } from "./connection.ts";
import { describeCells, isRest } from "./describe.ts";
import { partition } from "./partition.ts";
import { guardedPort, layersOf, serviceOf, surroundingsOf } from "./ports.ts";
import type { GuardedPort, Layer } from "./sample.ts";

/** Who may call what, by what the policies tell apart. */
export interface AccessMatrix {
  readonly ports: readonly MatrixPort[];
}

export interface MatrixPort {
  /** Workloads that answer alike, by id. */
  readonly workloads: readonly string[];
  /** Full name and port of the service; undefined: none declares this port. */
  readonly service: { readonly host: string; readonly port: number } | undefined;
  /** Workload port. */
  readonly port: number;
  readonly protocol: InboundListener["protocol"];
  readonly mode: EffectiveMtlsMode;
  readonly because: readonly Provenance[];
  /** Requests and, where both may come, connections. */
  readonly layers: readonly MatrixLayer[];
}

export interface MatrixLayer {
  readonly layer: Layer;
  readonly callers: readonly MatrixCaller[];
  readonly found: AccessClasses;
}

export interface MatrixCaller {
  /** Workloads of the mesh; empty: nobody of them, `text` says who. */
  readonly workloads: readonly string[];
  /** `cluster.local/ns/shop/sa/web`, `plaintext`, `any identity but …` */
  readonly text: string;
  readonly arrival: Arrival;
  /** Refused tokens do not count: nobody sends them on purpose. */
  readonly access: Access;
  readonly classes: readonly AccessClass[];
}

/** `partly`: some requests are allowed, others are not. */
export type Access = "allow" | "deny" | "depends" | "partly";

export interface MatrixRequest {
  /** Of all sidecars. */
  readonly snapshots: readonly ProxySnapshot[];
  /** Whether a caller is asked about, by id; undefined: all, and those of no workload. */
  readonly from?: ((snapshot: ProxySnapshot) => boolean) | undefined;
  readonly to?: ((snapshot: ProxySnapshot) => boolean) | undefined;
}

export function accessMatrix({ snapshots, from, to = () => true }: MatrixRequest): AccessMatrix {
  const groups = new Map<string, ProxySnapshot[]>();
  for (const snapshot of snapshots) {
    if (!to(snapshot)) continue;
    // Replicas are one.
    const key = `${snapshot.identity} ${snapshot.hashes.inbound} ${snapshot.hashes.trust}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [snapshot]);
    else group.push(snapshot);
  }
  const ports = [...groups.values()].flatMap((group) => {
    const [target] = group;
    if (target === undefined) return [];
    return target.inbound.listeners.map((listener): MatrixPort => {
      const port = guardedPort(target, listener.port);
      return {
        workloads: group.map(({ proxy }) => proxy),
        service: serviceOf(listener),
        port: listener.port,
        protocol: listener.protocol,
        mode: listener.mode,
        because: listener.because,
        layers: layersOf(listener).map((layer) => matrixLayer(port, layer, target, snapshots, from)),
      };
    });
  });
  return { ports };
}

function matrixLayer(
  port: GuardedPort,
  layer: Layer,
  target: ProxySnapshot,
  snapshots: readonly ProxySnapshot[],
  from: MatrixRequest["from"],
): MatrixLayer {
  const found = classesOf(partition([port], layer, surroundingsOf(snapshots, target, port.listener)));
  const known = knownCallers(found, port, target, snapshots, from ?? (() => true));
  return { layer, found, callers: from === undefined ? [...known, ...otherCallers(found, snapshots)] : known };
}

function knownCallers(
  found: AccessClasses,
  port: GuardedPort,
  target: ProxySnapshot,
  snapshots: readonly ProxySnapshot[],
  isAsked: (snapshot: ProxySnapshot) => boolean,
): readonly MatrixCaller[] {
  const groups = new Map<string, { readonly arrival: Arrival; readonly clients: ProxySnapshot[] }>();
  for (const client of snapshots) {
    // A workload reaches its own program without its sidecar.
    if (client.proxy === target.proxy || !isAsked(client)) continue;
    const arrival = arrivalOf(client, target, port);
    const key = `${client.identity} ${arrival.kind}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { arrival, clients: [client] });
    else group.clients.push(client);
  }
  return Array.from(groups.values(), ({ arrival, clients }): MatrixCaller => {
    const identity = clients[0]?.identity;
    const workloads = clients.map(({ proxy }) => proxy);
    const text = identity?.replace("spiffe://", "") ?? "";
    if (arrival.kind === "foreign-tls") return { workloads, text, arrival, access: "deny", classes: [] };
    const cell = callerCell(found.partition, arrival.kind === "plaintext" ? undefined : identity);
    return {
      workloads,
      text,
      arrival,
      ...accessOf(found, (callers) => callers === undefined || (cell !== undefined && callers.includes(cell))),
    };
  });
}

/** Callers in plaintext, and identities that no workload has. */
function otherCallers(found: AccessClasses, snapshots: readonly ProxySnapshot[]): readonly MatrixCaller[] {
  const { partition: parts } = found;
  const [dimension] = parts.dimensions;
  if (dimension === undefined) return [];
  const identities = new Set(snapshots.map(({ identity }) => identity));
  const mode = parts.sides[0]?.listener.mode;
  const groups = new Map<string, number[]>();
  // All others come last.
  const indices = [...dimension.cells.keys()].toSorted(
    (a, b) => Number(isRest(dimension, a)) - Number(isRest(dimension, b)),
  );
  for (const index of indices) {
    const isPlain = dimension.cells[index]?.label !== undefined;
    if (!isPlain && mode === "DISABLE") continue;
    if (!isPlain && identities.has(dimension.cells[index]?.sample().peer ?? "") && !isRest(dimension, index)) continue;
    const classes = found.classes.filter(({ callers }) => callers === undefined || callers.includes(index));
    const key = `${isPlain} ${classes.map(({ id }) => id).join()}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [index]);
    else group.push(index);
  }
  return Array.from(groups.values(), (cells): MatrixCaller => {
    const isPlain = dimension.cells[cells[0] ?? -1]?.label !== undefined;
    return {
      workloads: [],
      text: cells.some((cell) => isRest(dimension, cell))
        ? "any other identity"
        : (describeCells(dimension, cells) ?? "anybody"),
      arrival: { kind: isPlain ? "plaintext" : "mutual", because: [] },
      ...accessOf(found, (callers) => callers === undefined || cells.some((cell) => callers.includes(cell))),
    };
  });
}

function accessOf(
  { classes }: AccessClasses,
  belongs: (callers: AccessClass["callers"]) => boolean,
): Pick<MatrixCaller, "access" | "classes"> {
  const own = classes.filter(({ callers }) => belongs(callers));
  const outcomes = own.flatMap(({ outcomes: [outcome] }) => (outcome?.reason === "token" ? [] : (outcome ?? [])));
  const verdicts = new Set(outcomes.map((outcome) => outcome.verdict));
  const [verdict] = verdicts;
  return { access: verdicts.size === 1 && verdict !== undefined ? verdict : "partly", classes: own };
}
