import type { Measured } from "./order.ts";

/** Counts what comes through; latencies in a histogram of 128 buckets per doubling, so a percentile is right within 1 %. */
export interface Tally {
  /** `begun`: performance.now() when the request was sent. */
  readonly answered: (begun: number) => void;
  readonly received: (bytes: number) => void;
  /** Forgets what came before. */
  readonly reset: () => void;
  readonly read: () => Measured;
}

const perDoubling = 128;
const buckets = 40 * perDoubling;
/** Latencies below this many milliseconds share the first bucket. */
const floorMs = 0.0005;

export function createTally(): Tally {
  const histogram = new Uint32Array(buckets);
  let since = performance.now();
  let requests = 0;
  let bytes = 0;

  function percentile(share: number): number {
    let left = Math.ceil(requests * share);
    for (let bucket = 0; bucket < buckets; bucket += 1) {
      left -= histogram[bucket] ?? 0;
      if (left <= 0) return floorMs * 2 ** (bucket / perDoubling);
    }
    return Number.NaN;
  }

  return {
    answered: (begun) => {
      const took = performance.now() - begun;
      const bucket = Math.ceil(Math.log2(Math.max(took, floorMs) / floorMs) * perDoubling);
      histogram[bucket] = (histogram[bucket] ?? 0) + 1;
      requests += 1;
    },
    received: (count) => {
      bytes += count;
    },
    reset: () => {
      histogram.fill(0);
      requests = 0;
      bytes = 0;
      since = performance.now();
    },
    read: () => ({
      seconds: (performance.now() - since) / 1000,
      requests,
      bytes,
      p50Ms: requests === 0 ? 0 : percentile(0.5),
      p99Ms: requests === 0 ? 0 : percentile(0.99),
    }),
  };
}
