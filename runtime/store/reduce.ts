import { assertNever } from "../core/assert-never.ts";
import type {
  EventsDropped,
  MeshEvent,
  MeshLoaded,
  SaveCompared,
  SnapshotApplied,
  TrafficCounted,
} from "../model/event.ts";
import type { MeshState, ServiceView, TrafficCounts, WorkloadView } from "../model/state.ts";
import { noTraffic } from "./initial-state.ts";
import { isSame, keepSame, mapSame } from "./same.ts";

/**
 * Folds one event into the state. Gives the same object back when nothing changed, and keeps every part that did not change,
 * so that a second delivery of an event costs nothing and shows nothing.
 */
export function reduce(state: MeshState, event: (MeshEvent | EventsDropped) & { readonly replayed?: true }): MeshState {
  // The past is for lists to show; the state that came first knows it already.
  if (event.replayed === true) return state;
  switch (event.type) {
    case "mesh.loaded":
      return load(state, event);
    case "mesh.rejected":
    case "problems.changed":
      return put(state, { problems: event.problems });
    case "snapshot.applied":
      return applySnapshot(state, event);
    case "save.compared":
      return countFlips(state, event);
    case "workload.changed":
      return withWorkloads(
        state,
        mapSame(state.workloads, (workload) => {
          if (workload.id !== event.workload || isSame(workload.state, event.state)) return workload;
          const restarted = workload.state.phase === "exited" && event.state.phase === "starting";
          return { ...workload, state: event.state, restarts: workload.restarts + (restarted ? 1 : 0) };
        }),
      );
    case "svid.issued":
    case "svid.rotated":
      return withWorkloads(
        state,
        mapSame(state.workloads, (workload) =>
          workload.id !== event.proxy || isSame(workload.certificate, event.certificate)
            ? workload
            : { ...workload, certificate: event.certificate, rotateAt: event.rotateAt },
        ),
      );
    case "traffic.counted":
      return count(state, event);
    case "usage.measured":
      return withWorkloads(
        state,
        mapSame(state.workloads, (workload) => {
          const usage = event.usage[workload.id];
          return usage === undefined || isSame(workload.resources, usage)
            ? workload
            : { ...workload, resources: usage };
        }),
      );
    case "dataplane.started":
      return put(state, { dataPlane: { ...state.dataPlane, pid: event.pid, reason: null } });
    case "dataplane.lost":
      // A second report of the same loss finds another pid there, or none.
      if (state.dataPlane.pid !== event.pid) return state;
      return put(state, { dataPlane: { pid: null, restarts: state.dataPlane.restarts + 1, reason: event.reason } });
    case "handshake.completed":
    case "handshake.failed":
    case "exchange.completed":
    case "connection.closed":
    case "workload.logged":
    case "listener.bound":
    case "listener.failed":
    case "bypass.seen":
    case "events.dropped":
      return state;
    default:
      return assertNever(event);
  }
}

function load(state: MeshState, event: MeshLoaded): MeshState {
  const before = new Map(state.workloads.map((workload) => [workload.id, workload]));
  const workloads = event.view.workloads.map((workload) => {
    const known = before.get(workload.id);
    if (known === undefined) return workload;
    return keepSame(known, {
      ...workload,
      state: known.state,
      restarts: known.restarts,
      acked: known.acked,
      certificate: known.identity === workload.identity ? known.certificate : workload.certificate,
      rotateAt: known.identity === workload.identity ? known.rotateAt : workload.rotateAt,
      traffic: known.traffic,
      resources: known.resources,
    });
  });
  const again = event.generation === state.generation.number;
  const loaded = put(state, {
    trustDomain: event.view.trustDomain,
    generation: again
      ? state.generation
      : {
          number: event.generation,
          // Live nowhere until an ACK says so.
          live: 0,
          total:
            state.generation.total > 0
              ? state.generation.total
              : workloads.filter((workload) => workload.sidecar).length,
          waiting: [],
          ms: null,
          at: event.at,
          changes: event.changes,
        },
    services: keepList(state.services, withEndpoints(event.view.services, workloads)),
    resources: keepList(state.resources, event.view.resources),
    problems: event.problems,
    missing: event.view.missing,
  });
  return withWorkloads(loaded, keepList(state.workloads, workloads));
}

function applySnapshot(state: MeshState, event: SnapshotApplied): MeshState {
  // A report of an earlier generation that comes late says nothing about this one.
  if (event.generation !== state.generation.number) return state;
  const waiting = new Set(event.waiting);
  const next = put(state, {
    generation: { ...state.generation, live: event.live, total: event.total, waiting: event.waiting, ms: event.ms },
  });
  return withWorkloads(
    next,
    mapSame(state.workloads, (workload) => {
      // No report names the proxies of programs that do not run: they hold nothing.
      if (!workload.sidecar || waiting.has(workload.id) || workload.acked === event.generation) return workload;
      return { ...workload, acked: event.generation };
    }),
  );
}

function countFlips(state: MeshState, { generation, comparison }: SaveCompared): MeshState {
  // A save came after it: what this one changed is history.
  if (generation !== state.generation.number) return state;
  const { compared, flipped } = comparison;
  const excluded = comparison.excluded.reduce((sum, { calls }) => sum + calls, 0);
  return put(state, { generation: { ...state.generation, flips: { compared, flipped, excluded } } });
}

function count(state: MeshState, event: TrafficCounted): MeshState {
  const workloads = mapSame(state.workloads, (workload) => {
    const counts = event.counts[workload.id];
    return counts === undefined || isSame(workload.traffic, counts) ? workload : { ...workload, traffic: counts };
  });
  const counts = Object.values(event.counts).reduce(addCounts, noTraffic);
  return withWorkloads(put(state, { counts }), workloads);
}

export function addCounts(a: TrafficCounts, b: TrafficCounts): TrafficCounts {
  return {
    requests: a.requests + b.requests,
    allowed: a.allowed + b.allowed,
    denied: a.denied + b.denied,
    failed: a.failed + b.failed,
    handshakes: a.handshakes + b.handshakes,
    handshakesFailed: a.handshakesFailed + b.handshakesFailed,
    errors: a.errors + b.errors,
    latency: addEach(a.latency, b.latency),
    rules: addEach(a.rules, b.rules),
  };
}

type Numbers = Readonly<Record<string, number>>;

function addEach(a: Numbers, b: Numbers): Numbers {
  const sum: Record<string, number> = { ...a };
  for (const [name, value] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + value;
  return sum;
}

/** Replaces the workloads and what follows from them: which members of a service are endpoints. */
function withWorkloads(state: MeshState, workloads: readonly WorkloadView[]): MeshState {
  return put(state, { workloads, services: withEndpoints(state.services, workloads) });
}

function withEndpoints(services: readonly ServiceView[], workloads: readonly WorkloadView[]): readonly ServiceView[] {
  const ready = new Set(
    workloads.filter((workload) => workload.state.phase === "ready").map((workload) => workload.id),
  );
  return mapSame(services, (service): ServiceView => {
    const endpoints = service.members.filter((member) => ready.has(member));
    return isSame(service.endpoints, endpoints) ? service : { ...service, endpoints };
  });
}

function put(state: MeshState, part: Partial<MeshState>): MeshState {
  const same = Object.entries(part).every(([key, value]) => isSame(Reflect.get(state, key), value));
  return same ? state : { ...state, ...part };
}

function keepList<T>(before: readonly T[], after: readonly T[]): readonly T[] {
  const next = after.map((element, at) => {
    const known = before[at];
    return known === undefined ? element : keepSame(known, element);
  });
  return next.length === before.length && next.every((element, at) => element === before[at]) ? before : next;
}
