import type {
  HandshakeEvent,
  MeshLoaded,
  MeshRejected,
  SnapshotApplied,
  WorkloadLogged,
} from "../../runtime/model/event.ts";
import type { MeshState } from "../../runtime/model/state.ts";
import { createRateKeeper, type RateKeeper } from "../../runtime/store/rates.ts";
import { reduce } from "../../runtime/store/reduce.ts";
import type { StreamLine } from "../door.ts";
import { isRow } from "../print/interesting.ts";
import type { TrafficEvent } from "../print/verdict.ts";
import { createRows, type Rows } from "./rows.ts";

/** How many rows each view keeps; an event takes about a kilobyte. */
const kept = { traffic: 20_000, handshakes: 20_000, logs: 20_000, generations: 1_000 } as const;

export type GenerationEvent = MeshLoaded | MeshRejected | SnapshotApplied;

/** Everything the screen shows, kept outside React. Events change it at once; the screen samples `version`. */
export interface Feed {
  readonly apply: (line: StreamLine) => void;
  readonly state: () => MeshState | undefined;
  readonly traffic: Rows<TrafficEvent>;
  readonly handshakes: Rows<HandshakeEvent>;
  readonly logs: Rows<WorkloadLogged>;
  readonly generations: Rows<GenerationEvent>;
  readonly handshake: (id: string) => HandshakeEvent | undefined;
  /** How workloads do lately. */
  readonly rates: Pick<RateKeeper, "of">;
  /** Events that the stream said it had to drop. */
  readonly dropped: () => number;
  /** Counts changes. */
  readonly version: () => number;
  /** Calls back after each change, until the returned function is called. */
  readonly subscribe: (listener: () => void) => () => void;
}

/** @param now milliseconds since the epoch, asked when the state comes. */
export function createFeed(now: () => number = Date.now): Feed {
  const traffic = createRows<TrafficEvent>(kept.traffic);
  const handshakes = createRows<HandshakeEvent>(kept.handshakes);
  const logs = createRows<WorkloadLogged>(kept.logs);
  const generations = createRows<GenerationEvent>(kept.generations);
  const handshakeNumbers = new Map<string, number>();
  const listeners = new Set<() => void>();
  let state: MeshState | undefined;
  let version = 0;
  let dropped = 0;
  const rates = createRateKeeper();

  function keep(line: Exclude<StreamLine, { readonly type: "state" }>): void {
    if (line.type === "handshake.completed" || line.type === "handshake.failed") {
      const oldest = handshakes.get(handshakes.first());
      if (oldest !== undefined && handshakes.end() - handshakes.first() === kept.handshakes)
        handshakeNumbers.delete(oldest.id);
      handshakeNumbers.set(line.id, handshakes.end());
      handshakes.push(line);
      if (line.type === "handshake.failed") traffic.push(line);
    } else if (line.type === "exchange.completed" || line.type === "connection.closed") {
      if (isRow(line, state)) traffic.push(line);
    } else if (line.type === "workload.logged") {
      logs.push(line);
    } else if (line.type === "mesh.loaded" || line.type === "mesh.rejected" || line.type === "snapshot.applied") {
      generations.push(line);
    } else if (line.type === "events.dropped") {
      dropped += line.count;
    }
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
    handshakes,
    logs,
    generations,
    handshake: (id) => handshakes.get(handshakeNumbers.get(id) ?? -1),
    rates,
    dropped: () => dropped,
    version: () => version,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
