import type { ExchangeRecord } from "./record.ts";

/** Which exchanges are another's replay: known by the request id that the replay got. */
export interface ReplayMarks {
  readonly add: (requestId: string, originals: readonly ExchangeRecord[]) => void;
  /** Id of the exchange that this one repeats, as the same sidecar saw it from the same side. */
  readonly originalOf: (record: ExchangeRecord) => string | undefined;
}

/** Replays are a person's doing: so many are never made while their records last. */
const capacity = 512;

export function createReplayMarks(): ReplayMarks {
  const marks = new Map<string, readonly { readonly proxy: string; readonly side: string; readonly id: string }[]>();
  return {
    add: (requestId, originals) => {
      marks.set(
        requestId,
        originals.map(({ proxy, side, id }) => ({ proxy, side, id })),
      );
      const [oldest] = marks.keys();
      if (marks.size > capacity && oldest !== undefined) marks.delete(oldest);
    },
    originalOf: (record) =>
      record.requestId === null
        ? undefined
        : marks.get(record.requestId)?.find(({ proxy, side }) => proxy === record.proxy && side === record.side)?.id,
  };
}
