import type { MeshEvent } from "../model/event.ts";
import { noView } from "./initial-state.ts";

/** How many events of each sort are kept. Denials and failed handshakes have a ring of their own, so that a busy service cannot push them out. */
const ringSizes = { traffic: 4_000, refusals: 4_000, history: 1_000, logsPerWorkload: 1_000 } as const;

export type RingSizes = { readonly [Name in keyof typeof ringSizes]: number };

/** Events by id and in order, bounded. */
export interface EventRing {
  readonly add: (event: MeshEvent) => void;
  readonly find: (id: string) => MeshEvent | undefined;
  /** Oldest first. */
  readonly all: () => readonly MeshEvent[];
  /** The last refusal of any kind that was added. */
  readonly lastRefusal: () => MeshEvent | undefined;
  /** The last of those that an edit of policies may allow. */
  readonly lastDenial: () => MeshEvent | undefined;
  /** The last lines of one workload, oldest first. */
  readonly logs: (workload: string) => readonly MeshEvent[];
}

interface Entry {
  readonly order: number;
  readonly event: MeshEvent;
}

export function createEventRing(sizes: RingSizes = ringSizes): EventRing {
  const byId = new Map<string, MeshEvent>();
  const lists = {
    traffic: createList(sizes.traffic),
    refusals: createList(sizes.refusals),
    history: createList(sizes.history),
  };
  const logs = new Map<string, BoundedList>();
  let order = 0;

  function listFor(event: MeshEvent): BoundedList | undefined {
    if (isRefusal(event)) return lists.refusals;
    switch (event.type) {
      case "handshake.completed":
      case "handshake.failed":
      case "exchange.completed":
      case "connection.closed":
        return lists.traffic;
      case "workload.logged": {
        const known = logs.get(event.workload);
        if (known !== undefined) return known;
        const list = createList(sizes.logsPerWorkload);
        logs.set(event.workload, list);
        return list;
      }
      case "traffic.counted":
      case "usage.measured":
        return undefined;
      case "mesh.loaded":
      case "mesh.rejected":
      case "problems.changed":
      case "snapshot.applied":
      case "save.compared":
      case "workload.changed":
      case "svid.issued":
      case "svid.rotated":
      case "listener.bound":
      case "listener.failed":
      case "bypass.seen":
      case "dataplane.started":
      case "dataplane.lost":
        return lists.history;
    }
  }

  return {
    add: (event) => {
      // The data plane sends what its own ring holds whenever somebody subscribes: most of that is known.
      if (byId.has(event.id)) return;
      const list = listFor(event);
      if (list === undefined) return;
      const kept = event.type === "mesh.loaded" ? { ...event, view: noView } : event;
      byId.set(event.id, kept);
      const gone = list.push({ order: order++, event: kept });
      if (gone !== undefined) byId.delete(gone.event.id);
    },
    find: (id) => byId.get(id),
    all: () =>
      [...Object.values(lists), ...logs.values()]
        .flatMap((list) => list.items())
        .toSorted((a, b) => (a.event.at < b.event.at ? -1 : a.event.at > b.event.at ? 1 : a.order - b.order))
        .map((entry) => entry.event),
    lastRefusal: () => lists.refusals.items().at(-1)?.event,
    lastDenial: () => lists.refusals.items().findLast(({ event }) => isDenial(event))?.event,
    logs: (workload) =>
      logs
        .get(workload)
        ?.items()
        .map((entry) => entry.event) ?? [],
  };
}

/** A request or connection that policy refused, or a handshake that failed: never sampled, kept longest. */
export function isRefusal(event: MeshEvent): boolean {
  switch (event.type) {
    case "handshake.failed":
      return true;
    case "exchange.completed":
    case "connection.closed":
      return event.decision?.verdict === "deny";
    default:
      return false;
  }
}

/** Refused by policy: plaintext under STRICT too, but no handshake that failed of itself. */
function isDenial(event: MeshEvent): boolean {
  return event.type === "handshake.failed" ? event.failure?.step === "plaintext" : isRefusal(event);
}

interface BoundedList {
  /** Returns the entry that had to go. */
  readonly push: (entry: Entry) => Entry | undefined;
  readonly items: () => readonly Entry[];
}

function createList(size: number): BoundedList {
  const slots: Entry[] = [];
  let next = 0;
  return {
    push: (entry) => {
      const gone = slots[next];
      slots[next] = entry;
      next = (next + 1) % size;
      return gone;
    },
    items: () => [...slots.slice(next), ...slots.slice(0, next)],
  };
}
