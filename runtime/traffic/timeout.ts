import { formatGrpcTimeout, parseGrpcTimeout } from "./grpc.ts";

/** The limits of one request in milliseconds; undefined: none. */
export interface Timeouts {
  /** From the end of the request, over all tries. */
  readonly routeMs: number | undefined;
  readonly perTryMs: number | undefined;
  readonly grpc: boolean;
}

/** A gRPC deadline counts, capped by the route's (spec traffic 2.8.3); a try's limit that is not shorter is ignored (2.9.6). */
export function resolveTimeouts(
  routeMs: number | undefined,
  perTryMs: number | undefined,
  grpc: boolean,
  grpcTimeout: string | undefined,
): Timeouts {
  const deadline = grpc ? parseGrpcTimeout(grpcTimeout) : undefined;
  const total = deadline === undefined ? routeMs : routeMs === undefined ? deadline : Math.min(deadline, routeMs);
  const perTry = perTryMs !== undefined && total !== undefined && perTryMs >= total ? undefined : perTryMs;
  return { routeMs: total, perTryMs: perTry, grpc };
}

/** `x-envoy-expected-rq-timeout-ms`, and `grpc-timeout` for gRPC, anew for every try (spec traffic 5.2.6a). */
export function timeoutHeaders(timeouts: Timeouts, elapsedMs: number): readonly (readonly [string, string])[] {
  const remaining = timeouts.routeMs === undefined ? undefined : Math.max(1, Math.floor(timeouts.routeMs - elapsedMs));
  const expected =
    timeouts.perTryMs === undefined
      ? remaining
      : remaining === undefined
        ? timeouts.perTryMs
        : Math.min(timeouts.perTryMs, remaining);
  if (expected === undefined) return [];
  const header = ["x-envoy-expected-rq-timeout-ms", `${expected}`] as const;
  return timeouts.grpc ? [header, ["grpc-timeout", formatGrpcTimeout(expected)]] : [header];
}
