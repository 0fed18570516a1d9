/** How fast details of traffic come, and how many of them the data plane left out. */
export interface Pace {
  readonly shown: (now: number) => void;
  readonly dropped: (count: number, now: number) => void;
  /** Per second, over the last whole seconds; undefined while nothing is left out. */
  readonly sampling: (now: number) => Sampling | undefined;
  readonly total: () => number;
}

export interface Sampling {
  /** One in how many is shown. */
  readonly oneIn: number;
  readonly perSecond: number;
}

const seconds = 5;

export function createPace(): Pace {
  const slots: { second: number; shown: number; dropped: number }[] = [];
  let total = 0;

  function slotAt(now: number): { shown: number; dropped: number } {
    const second = Math.floor(now / 1000);
    const slot = (slots[second % seconds] ??= { second, shown: 0, dropped: 0 });
    if (slot.second !== second) Object.assign(slot, { second, shown: 0, dropped: 0 });
    return slot;
  }

  return {
    shown: (now) => {
      slotAt(now).shown += 1;
    },
    dropped: (count, now) => {
      slotAt(now).dropped += count;
      total += count;
    },
    sampling: (now) => {
      const current = Math.floor(now / 1000);
      // The current second is not over: counting it would make every rate too small.
      const past = slots.filter(({ second }) => second < current && second > current - seconds);
      const shown = past.reduce((sum, slot) => sum + slot.shown, 0);
      const dropped = past.reduce((sum, slot) => sum + slot.dropped, 0);
      if (dropped === 0) return undefined;
      return {
        oneIn: Math.max(1, Math.round((shown + dropped) / Math.max(1, shown))),
        perSecond: Math.round((shown + dropped) / past.length),
      };
    },
    total: () => total,
  };
}
