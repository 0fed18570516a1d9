import type {
  BypassSeen,
  ExchangeEvent,
  HandshakeEvent,
  ListenerBound,
  MeshEvent,
  MeshLoaded,
  MeshRejected,
  SnapshotApplied,
  SvidEvent,
  WorkloadLogged,
} from "../../runtime/model/event.ts";
import type { MeshState } from "../../runtime/model/state.ts";
import { createRateKeeper, type RateKeeper } from "../../runtime/store/rates.ts";
import { reduce } from "../../runtime/store/reduce.ts";
import type { StreamLine } from "../door.ts";
import { isRow } from "../print/interesting.ts";
import type { TrafficEvent } from "../print/verdict.ts";
import { createInterner } from "./intern.ts";
import { createPace, type Pace } from "./pace.ts";
import { createNamedRows, createRows, type NamedRows, type Rows } from "./rows.ts";

/** How many rows each view keeps; a row of traffic takes about half a kilobyte, as most of it is shared with others. */
const kept = { traffic: 100_000, tls: 20_000, calls: 20_000, logs: 50_000, generations: 1_000, svids: 50 } as const;

export type GenerationEvent = MeshLoaded | MeshRejected | SnapshotApplied;
export type TlsEvent = HandshakeEvent | SvidEvent;
/** Sidecars log each request, connection and refused handshake, as Envoy's access log does, and their own troubles. */
export type LogEvent = WorkloadLogged | TrafficEvent | ListenerBound | BypassSeen;

/** Everything the screen shows, kept outside React. Events change it at once; the screen samples `version`. */
export interface Feed {
  readonly apply: (line: StreamLine) => void;
  readonly state: () => MeshState | undefined;
  readonly traffic: Rows<TrafficEvent>;
  /** Handshakes, and the certificates that were issued for them. */
  readonly tls: NamedRows<TlsEvent>;
  /** What programs print, and what their sidecars have to say. */
  readonly logs: Rows<LogEvent>;
  readonly generations: Rows<GenerationEvent>;
  readonly handshake: (id: string) => HandshakeEvent | undefined;
  /** A request to a workload as the caller's sidecar told it. */
  readonly call: (requestId: string, to: string | null) => ExchangeEvent | undefined;
  /** Certificates of a workload since this screen was opened, oldest first. */
  readonly svids: (workload: string) => readonly SvidEvent[];
  /** How workloads do lately. */
  readonly rates: Pick<RateKeeper, "of">;
  readonly pace: Pick<Pace, "sampling" | "total">;
  /** Counts changes. */
  readonly version: () => number;
  /** Calls back after each change, until the returned function is called. */
  readonly subscribe: (listener: () => void) => () => void;
}

/** @param now milliseconds since the epoch, asked when lines come. */
export function createFeed(now: () => number = Date.now): Feed {
  const traffic = createRows<TrafficEvent>(kept.traffic);
  const tls = createNamedRows<TlsEvent>(kept.tls, ({ id }) => id);
  const calls = createNamedRows<ExchangeEvent>(kept.calls, ({ requestId, to }) =>
    callName(requestId ?? "", to.workload),
  );
  const logs = createRows<LogEvent>(kept.logs);
  const generations = createRows<GenerationEvent>(kept.generations);
  const svids = new Map<string, Rows<SvidEvent>>();
  const intern = createInterner();
  const rates = createRateKeeper();
  const pace = createPace();
  const listeners = new Set<() => void>();
  let state: MeshState | undefined;
  let version = 0;

  function keep(line: Exclude<StreamLine, { readonly type: "state" }>): void {
    if (line.type !== "events.dropped" && line.replayed !== true && isDetail(line)) pace.shown(now());
    switch (line.type) {
      case "handshake.completed":
      case "handshake.failed": {
        const event = intern.handshake(line);
        tls.push(event);
        if (event.type === "handshake.failed") keepTraffic(event);
        return;
      }
      case "exchange.completed":
        if (isRow(line, state)) keepTraffic(intern.exchange(line));
        else if (line.requestId !== null) calls.push(intern.exchange(line));
        return;
      case "connection.closed":
        if (isRow(line, state)) keepTraffic(intern.connection(line));
        return;
      case "svid.issued":
      case "svid.rotated":
        tls.push(line);
        keepSvid(line);
        return;
      case "workload.logged":
      case "listener.failed":
      case "bypass.seen":
        logs.push(line);
        return;
      case "mesh.loaded":
      case "mesh.rejected":
      case "snapshot.applied":
        generations.push(line);
        return;
      case "events.dropped":
        pace.dropped(line.count, now());
        return;
      default:
        return;
    }
  }

  function keepTraffic(event: TrafficEvent): void {
    traffic.push(event);
    logs.push(event);
  }

  function keepSvid(event: SvidEvent): void {
    const known = svids.get(event.proxy) ?? createRows<SvidEvent>(kept.svids);
    svids.set(event.proxy, known);
    known.push(event);
  }

  return {
    apply: (line) => {
      if (line.type === "state") {
        state = line.state;
        rates.begin(state, now());
      } else {
        // The state of line one knows what happened before already.
        if (state !== undefined && line.replayed !== true) {
          state = reduce(state, line);
          rates.hear(line);
        }
        keep(line);
      }
      version += 1;
      for (const listener of listeners) listener();
    },
    state: () => state,
    traffic,
    tls,
    logs,
    generations,
    handshake: (id) => {
      const found = tls.find(id);
      return found === undefined || "proxy" in found ? undefined : found;
    },
    call: (requestId, to) => calls.find(callName(requestId, to)),
    svids: (workload) => {
      const known = svids.get(workload);
      return known === undefined ? [] : listRows(known);
    },
    rates,
    pace,
    version: () => version,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/** What the data plane tells a sample of when there is too much. */
function isDetail({ type }: MeshEvent): boolean {
  return type.startsWith("handshake.") || type === "exchange.completed" || type === "connection.closed";
}

/** One request id passes through many workloads. */
function callName(requestId: string, to: string | null): string {
  return `${requestId} ${to ?? ""}`;
}

function listRows<T>(rows: Rows<T>): readonly T[] {
  const list: T[] = [];
  for (let number = rows.first(); number < rows.end(); number++) {
    const row = rows.get(number);
    if (row !== undefined) list.push(row);
  }
  return list;
}
