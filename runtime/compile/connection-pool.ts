import type { ConnectionPoolSettings } from "../model/istio-networking.ts";

/** `http2MaxRequests`, which holds for HTTP/1.1 as well; zero is the same as nothing (spec traffic 3.3.1, 3.3.3). */
export function maxRequests(pool: ConnectionPoolSettings | undefined): number | undefined {
  const limit = pool?.http?.http2MaxRequests ?? 0;
  return limit > 0 ? limit : undefined;
}
