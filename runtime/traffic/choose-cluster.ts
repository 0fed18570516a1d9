import type { WeightedCluster } from "../model/snapshot.ts";

/** One draw per request (spec traffic 2.3.1); `draw` gives a number in [0, 1). A single destination is taken whatever its weight. */
export function chooseCluster(clusters: readonly WeightedCluster[], draw: () => number): WeightedCluster | undefined {
  return chooseByWeight(clusters, draw);
}

export function chooseByWeight<Weighted extends { readonly weight: number }>(
  clusters: readonly Weighted[],
  draw: () => number,
): Weighted | undefined {
  const only = clusters[0];
  if (clusters.length <= 1) return only;
  let total = 0;
  for (const cluster of clusters) total += cluster.weight;
  let point = draw() * total;
  for (const cluster of clusters) {
    point -= cluster.weight;
    if (point < 0) return cluster;
  }
  return clusters.findLast((cluster) => cluster.weight > 0) ?? only;
}
