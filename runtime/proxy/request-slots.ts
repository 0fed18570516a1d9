/** Counts the requests under way to each destination that may have only so many at once (spec traffic 3.3.3). */
export interface RequestSlots {
  /** Takes a slot and returns how to give it back; undefined: all are taken. Without a limit nothing is counted. */
  readonly take: (destination: string, limit: number | undefined) => (() => void) | undefined;
}

export function createRequestSlots(): RequestSlots {
  const taken = new Map<string, number>();
  return {
    take: (destination, limit) => {
      if (limit === undefined) return unlimited;
      const busy = taken.get(destination) ?? 0;
      if (busy >= limit) return undefined;
      taken.set(destination, busy + 1);
      let mine = true;
      return () => {
        if (!mine) return;
        mine = false;
        const left = (taken.get(destination) ?? 1) - 1;
        if (left > 0) taken.set(destination, left);
        else taken.delete(destination);
      };
    },
  };
}

function unlimited(): void {
  // Nothing was counted.
}
