import type { Provenance } from "../model/resource.ts";
import type { EffectiveMtlsMode, ProxySnapshot } from "../model/snapshot.ts";
import { type AccessClass, classesOf } from "./classes.ts";
import { type Arrival, arrivalOf } from "./connection.ts";
import type { ClassOutcome } from "./outcome.ts";
import { partition } from "./partition.ts";
import { guardedPort, layersOf, serviceOf, surroundingsOf } from "./ports.ts";
import type { GuardedPort, Layer } from "./sample.ts";

/** What two versions of a mesh do differently to requests. */
export interface AccessChanges {
  readonly ports: readonly PortChange[];
  /** Workloads with a sidecar that only one version has, by id, and ports that only one has, `orders-1:9090`. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** A port where something differs. */
export interface PortChange {
  readonly workloads: readonly string[];
  readonly service: { readonly host: string; readonly port: number } | undefined;
  readonly port: number;
  readonly layer: Layer;
  readonly modes: Sides<{ readonly mode: EffectiveMtlsMode; readonly because: readonly Provenance[] }>;
  /** Classes of requests that end otherwise: another verdict, or another authorizer asked. */
  readonly classes: readonly AccessClass[];
  /** How many classes keep their verdict by another rule. */
  readonly reasons: number;
  /** Clients whose connections arrive in another way. */
  readonly arrivals: readonly ({ readonly workload: string } & Sides<Arrival>)[];
  /** What is missing, in words. */
  readonly cut: readonly string[];
}

export interface Sides<T> {
  readonly before: T;
  readonly after: T;
}

/** Compares the sidecars of two versions, matched by id and port; replicas that change alike are told once. */
export function accessChanges(before: readonly ProxySnapshot[], after: readonly ProxySnapshot[]): AccessChanges {
  const later = new Map(after.map((snapshot) => [snapshot.proxy, snapshot]));
  const earlier = new Map(before.map((snapshot) => [snapshot.proxy, snapshot]));
  const known = new Map<string, string[]>();
  const ports: PortChange[] = [];
  for (const old of before) {
    const fresh = later.get(old.proxy);
    if (fresh === undefined) continue;
    const key = [old, fresh].map(({ identity, hashes }) => `${identity} ${hashes.inbound} ${hashes.trust}`).join(" ");
    const alike = known.get(key);
    if (alike !== undefined) {
      alike.push(old.proxy);
      continue;
    }
    const workloads = [old.proxy];
    known.set(key, workloads);
    const common = old.inbound.listeners.filter(({ port }) =>
      fresh.inbound.listeners.some((listener) => listener.port === port),
    );
    for (const { port } of common) {
      const changed = portChanges({ before: old, after: fresh }, port, { before, after });
      ports.push(...changed.map((change) => ({ ...change, workloads })));
    }
  }
  return { ports, added: onlyIn(after, earlier), removed: onlyIn(before, later) };
}

function onlyIn(snapshots: readonly ProxySnapshot[], others: ReadonlyMap<string, ProxySnapshot>): readonly string[] {
  return snapshots.flatMap(({ proxy, inbound }) => {
    const other = others.get(proxy);
    if (other === undefined) return [proxy];
    const known = new Set(other.inbound.listeners.map(({ port }) => port));
    return inbound.listeners.filter(({ port }) => !known.has(port)).map(({ port }) => `${proxy}:${port}`);
  });
}

function portChanges(
  target: Sides<ProxySnapshot>,
  port: number,
  meshes: Sides<readonly ProxySnapshot[]>,
): readonly PortChange[] {
  const sides = { before: guardedPort(target.before, port), after: guardedPort(target.after, port) };
  const versions = [sides.before, sides.after];
  const layers = layersOf(sides.before.listener).filter((layer) => layersOf(sides.after.listener).includes(layer));
  const arrivals = arrivalChanges(target, sides, meshes);
  const { listener } = sides.after;
  const isEqual = (["inbound", "trust"] as const).every(
    (section) => target.before.hashes[section] === target.after.hashes[section],
  );
  return layers.flatMap((layer, index): readonly PortChange[] => {
    const moved = index === 0 ? arrivals : [];
    // What is decided by the same section is decided alike.
    if (isEqual && moved.length === 0) return [];
    const parts = partition(versions, layer, surroundingsOf(meshes.after, target.after, listener));
    const { classes, cut: missing } = classesOf(parts, (outcomes) => isChanged(outcomes) || isOtherReason(outcomes));
    const cut = [...uncompared(sides, layer), ...missing];
    if (classes.length + moved.length + cut.length === 0) return [];
    const changed = classes.filter(({ outcomes }) => isChanged(outcomes));
    return [
      {
        workloads: [],
        service: serviceOf(listener),
        port,
        layer,
        modes: { before: modeOf(sides.before), after: modeOf(sides.after) },
        classes: grouped(changed),
        reasons: classes.length - changed.length,
        arrivals: moved,
        cut,
      },
    ];
  });
}

/** What differs but is no question of the policies, so that no class tells of it. */
function uncompared({ before, after }: Sides<GuardedPort>, layer: Layer): readonly string[] {
  const texts: string[] = [];
  const differs = (of: (port: GuardedPort) => unknown): boolean =>
    JSON.stringify(of(before)) !== JSON.stringify(of(after));
  if (differs(({ trust }) => trust.trustDomains))
    texts.push("the trust domains differ: so does whose certificates are taken");
  if (layer === "tcp") return texts;
  if (differs(({ trust }) => trust.pathNormalization))
    texts.push(
      `path normalization differs (${before.trust.pathNormalization}, ${after.trust.pathNormalization}): paths are compared as policies see them`,
    );
  const shared = (port: GuardedPort, other: GuardedPort): unknown =>
    port.inbound.jwt
      .filter(({ issuer }) => other.inbound.jwt.some((rule) => rule.issuer === issuer))
      .map(({ name: _name, provenance: _provenance, ...rule }) => rule);
  if (JSON.stringify(shared(before, after)) !== JSON.stringify(shared(after, before)))
    texts.push(
      "rules for tokens of one issuer differ: whether a token is accepted is compared by issuer and audience alone",
    );
  return texts;
}

function modeOf({ listener: { mode, because } }: GuardedPort): PortChange["modes"]["before"] {
  return { mode, because };
}

/** Whether a verdict differs, or who is asked for one. */
export function isChanged([a, b]: readonly ClassOutcome[]): boolean {
  if (a === undefined || b === undefined) return false;
  return a.verdict !== b.verdict || (a.verdict === "depends" && a.asks.join() !== b.asks.join());
}

function isOtherReason([a, b]: readonly ClassOutcome[]): boolean {
  return a !== undefined && b !== undefined && (a.reason !== b.reason || a.by?.id !== b.by?.id);
}

/** What opens comes first. */
function grouped(classes: readonly AccessClass[]): readonly AccessClass[] {
  const opens = ({ outcomes: [, after] }: AccessClass): number => (after?.verdict === "deny" ? 1 : 0);
  return classes.toSorted((a, b) => opens(a) - opens(b));
}

function arrivalChanges(
  target: Sides<ProxySnapshot>,
  ports: Sides<GuardedPort>,
  meshes: Sides<readonly ProxySnapshot[]>,
): PortChange["arrivals"] {
  return meshes.before.flatMap((client) => {
    const later = meshes.after.find(({ proxy }) => proxy === client.proxy);
    if (later === undefined || client.proxy === target.before.proxy) return [];
    const before = arrivalOf(client, target.before, ports.before);
    const after = arrivalOf(later, target.after, ports.after);
    return before.kind === after.kind ? [] : [{ workload: client.proxy, before, after }];
  });
}
