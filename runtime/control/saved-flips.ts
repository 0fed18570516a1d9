import type { Clock } from "../core/clock.ts";
import type { Side } from "../flips/side.ts";
import type { Comparison } from "../model/flips.ts";
import type { ProxyId, ProxySnapshot } from "../model/snapshot.ts";
import type { EventHub } from "./event-hub.ts";
import type { Recalls } from "./recalls.ts";

export interface FlipsOptions {
  readonly clock: Clock;
  readonly hub: Pick<EventHub, "tell">;
  readonly recall: Recalls["recall"];
  /** A comparison that cannot be made must not end the mesh. */
  readonly onError: (error: unknown) => void;
}

type Snapshots = ReadonlyMap<ProxyId, ProxySnapshot>;

/** What saves, other generations and drafts mean for the last calls that were made. Works in slices beside the daemon's other duties. */
export interface SavedFlips {
  /** A generation was pushed; `before`: what its predecessor came to be by its end. */
  readonly saved: (generation: number, before: Snapshots, after: Snapshots) => void;
  /** Of the last save; undefined: nothing was saved yet. Waits for one that is being made. */
  readonly last: () => Promise<Comparison | undefined>;
  /** Undefined: one of them is not kept. */
  readonly between: (before: number, after: number) => Promise<Comparison | undefined>;
  /** The current generation with a draft. */
  readonly against: (draft: Snapshots) => Promise<Comparison | undefined>;
  /** Generations that can be compared, oldest first. */
  readonly kept: () => readonly number[];
}

const mostCalls = 1000;
const mostGenerations = 16;
const sliceMs = 5;

export function createSavedFlips({ clock, hub, recall, onError }: FlipsOptions): SavedFlips {
  const generations = new Map<number, Snapshots>();
  let last: Promise<Comparison | undefined> = Promise.resolve(undefined);

  async function compare(before: Side & { readonly generation: number }, after: Side): Promise<Comparison> {
    // Only now: before the first save nobody needs to decide anything here.
    const [{ compareCalls }, calls] = await Promise.all([import("../flips/compare.ts"), recall(mostCalls)]);
    const steps = compareCalls(calls, before, after, clock.now());
    for (;;) {
      const until = clock.monotonic() + sliceMs;
      do {
        const step = steps.next();
        if (step.done === true) return step.value;
      } while (clock.monotonic() < until);
      await new Promise<void>((resolve) => {
        clock.after(0, resolve);
      });
    }
  }

  async function compareSave(
    previous: Promise<Comparison | undefined>,
    before: Side & { readonly generation: number },
    generation: number,
    snapshots: Snapshots,
  ): Promise<Comparison> {
    // One after the other: saves that come fast must not ask for a thousand calls all at once.
    await previous;
    const comparison = await compare(before, { generation, snapshots });
    hub.tell({ type: "save.compared", generation, comparison });
    return comparison;
  }

  return {
    saved: (generation, before, after) => {
      const [latest] = [...generations.keys()].slice(-1);
      generations.set(generation, after);
      if (latest !== undefined) {
        generations.set(latest, before);
        const previous = { generation: latest, snapshots: before };
        last = compareSave(last, previous, generation, after).catch((error: unknown) => {
          onError(error);
          return undefined;
        });
      }
      const [oldest] = generations.keys();
      if (generations.size > mostGenerations && oldest !== undefined) generations.delete(oldest);
    },
    last: () => last,
    between: async (before, after) => {
      const old = generations.get(before);
      const next = generations.get(after);
      if (old === undefined || next === undefined) return undefined;
      return compare({ generation: before, snapshots: old }, { generation: after, snapshots: next });
    },
    against: async (draft) => {
      const [current] = [...generations].slice(-1);
      if (current === undefined) return undefined;
      const [generation, snapshots] = current;
      return compare({ generation, snapshots }, { generation: null, snapshots: draft });
    },
    kept: () => [...generations.keys()],
  };
}
