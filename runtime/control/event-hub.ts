import type { Clock } from "../core/clock.ts";
import type { MeshEvent, Stamp } from "../model/event.ts";
import type { MeshState } from "../model/state.ts";
import { reduce } from "../store/reduce.ts";
import { createEventRing, type EventRing } from "../store/ring.ts";
import { createSubscribers, type Subscribers } from "./subscribers.ts";

type Unstamped<Event> = Event extends Stamp ? Omit<Event, keyof Stamp> & { readonly generation?: number } : never;

/** An event as its source tells it; id, time and generation are added here. */
export type Fact = Unstamped<MeshEvent>;

/** The one place through which every event of a mesh passes: into the state, the rings, and to whoever listens. */
export interface EventHub {
  readonly state: () => MeshState;
  readonly tell: (fact: Fact) => void;
  /** Takes an event that has its stamp already, from the data plane. `past`: it is older than those who listen. */
  readonly take: (event: MeshEvent, past: boolean) => void;
  readonly ring: EventRing;
  readonly subscribers: Subscribers;
}

export function createEventHub(clock: Clock, start: MeshState): EventHub {
  const ring = createEventRing();
  const subscribers = createSubscribers();
  let state = start;
  let count = 0;

  function take(event: MeshEvent, past: boolean): void {
    if (ring.find(event.id) !== undefined) return;
    state = reduce(state, event);
    ring.add(event);
    if (!past) subscribers.publish(event);
  }

  return {
    state: () => state,
    tell: (fact) => {
      const stamp: Stamp = {
        id: `e-${++count}`,
        at: new Date(clock.now()).toISOString(),
        generation: fact.generation ?? state.generation.number,
      };
      take(stampFact(fact, stamp), false);
    },
    take,
    ring,
    subscribers,
  };
}

function stampFact(fact: Fact, stamp: Stamp): MeshEvent {
  return { ...fact, ...stamp };
}
