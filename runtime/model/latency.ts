/** Times in buckets that grow by a fifth each, from 50 µs to a quarter of an hour: a quantile read from them is off by a tenth at most. */

const shortest = 0.05;
const perDoubling = 4;
const lastBucket = 96;

/** The bucket of a time in milliseconds. */
export function latencyBucket(ms: number): number {
  if (!(ms > shortest)) return 0;
  return Math.min(lastBucket, Math.ceil(perDoubling * Math.log2(ms / shortest)));
}

/** The longest time of a bucket, milliseconds. */
export function latencyBound(bucket: number): number {
  return shortest * 2 ** (bucket / perDoubling);
}

/** The time that `share` of all were not longer than, in milliseconds; undefined when there are none. */
export function latencyQuantile(counts: Readonly<Record<string, number>>, share: number): number | undefined {
  const buckets = Object.entries(counts)
    .map(([bucket, count]) => ({ bucket: Number(bucket), count }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => a.bucket - b.bucket);
  const all = buckets.reduce((sum, { count }) => sum + count, 0);
  const rank = Math.max(1, Math.ceil(all * share));
  let below = 0;
  for (const { bucket, count } of buckets) {
    // The middle of the bucket, on the scale on which they are equally wide.
    if (below + count >= rank) return bucket === 0 ? shortest : latencyBound(bucket - 0.5);
    below += count;
  }
  return undefined;
}
