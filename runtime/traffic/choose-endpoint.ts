import type { Cluster, Endpoint } from "../model/snapshot.ts";

/**
 * Round robin over ready endpoints. The caller owns `turn` (0, 1, 2 … per cluster). Endpoints in `tried` are avoided while
 * another is left: the default retry policy asks for a host that was not used yet (spec traffic 2.9.1). Undefined: UH.
 */
export function chooseEndpoint(
  cluster: Pick<Cluster, "endpoints">,
  turn: number,
  tried?: ReadonlySet<Endpoint>,
): Endpoint | undefined {
  const { endpoints } = cluster;
  const count = endpoints.length;
  let fallback: Endpoint | undefined;
  for (let i = 0; i < count; i++) {
    const endpoint = endpoints[(turn + i) % count];
    if (endpoint === undefined || !endpoint.ready) continue;
    if (tried?.has(endpoint) !== true) return endpoint;
    fallback ??= endpoint;
  }
  return fallback;
}
