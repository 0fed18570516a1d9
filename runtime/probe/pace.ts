import type { Clock } from "../core/clock.ts";

export interface Pace {
  /** Begun per second, at most. */
  readonly perSecond: number;
  /** Under way at once, at most. */
  readonly atOnce: number;
}

/** Runs `work` over all items in their order, no faster than the pace, and gives the results in that order. Stops early when aborted. */
export async function inPace<Item, Result>(
  items: readonly Item[],
  { perSecond, atOnce }: Pace,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const begun = clock.monotonic();
  let next = 0;
  async function worker(): Promise<void> {
    for (let at = next++; at < items.length && !signal.aborted; at = next++) {
      await pause(clock, begun + (at * 1000) / perSecond - clock.monotonic());
      const item = items[at];
      if (item !== undefined) results[at] = await work(item);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker));
  signal.throwIfAborted();
  return results;
}

export function pause(clock: Clock, ms: number): Promise<void> {
  if (ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
