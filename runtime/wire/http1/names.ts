import { equalsIgnoreCase } from "./characters.ts";

/** What the codec does with a header. */
export type NameKind =
  | "ordinary"
  | "host"
  | "connection"
  | "keep-alive"
  | "proxy-connection"
  | "transfer-encoding"
  | "content-length"
  | "te"
  | "upgrade"
  | "expect"
  | "http2-settings";

export type Direction = "request" | "response";

const both =
  "connection content-type proxy-status upgrade via x-envoy-attempt-count x-envoy-decorator-operation x-request-id";

/**
 * Names that Envoy holds as one value: repeated lines are joined with a comma before any filter sees them (errata traffic
 * C10, security 14; the rest as Envoy 1.40 was seen to do). Unknown names and cookies stay apart.
 */
const single: Readonly<Record<Direction, ReadonlySet<string>>> = {
  request: new Set(
    (
      `${both} accept accept-encoding access-control-request-headers access-control-request-method ` +
      "access-control-request-private-network authorization cache-control cdn-loop content-encoding expect " +
      "grpc-accept-encoding grpc-timeout if-match if-modified-since if-none-match if-range if-unmodified-since origin " +
      "pragma referer user-agent x-client-trace-id x-envoy-downstream-service-cluster x-envoy-downstream-service-node " +
      "x-envoy-external-address x-envoy-is-timeout-retry x-envoy-original-host x-envoy-original-path " +
      "x-forwarded-client-cert x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto"
    ).split(" "),
  ),
  response: new Set(
    (
      `${both} access-control-allow-credentials access-control-allow-headers access-control-allow-methods ` +
      "access-control-allow-origin access-control-allow-private-network access-control-expose-headers " +
      "access-control-max-age age cache-control content-encoding date etag expires grpc-message grpc-status " +
      "last-modified location vary x-envoy-degraded x-envoy-immediate-health-check-fail x-envoy-ratelimited " +
      "x-envoy-upstream-canary x-envoy-upstream-healthchecked-cluster"
    ).split(" "),
  ),
};

/** Whether repeated lines of this name are one comma-joined value. */
export function isSingle(lowerName: string, direction: Direction): boolean {
  return single[direction].has(lowerName);
}

/** Kind of the name in the range. Cheap: length and first letter discard nearly every header. */
export function nameKind(bytes: Uint8Array, from: number, to: number): NameKind {
  const first = (bytes[from] ?? 0) | 0x20;
  switch (to - from) {
    case 2:
      return first === 0x74 && equalsIgnoreCase(bytes, from, to, "te") ? "te" : "ordinary";
    case 4:
      return first === 0x68 && equalsIgnoreCase(bytes, from, to, "host") ? "host" : "ordinary";
    case 6:
      return first === 0x65 && equalsIgnoreCase(bytes, from, to, "expect") ? "expect" : "ordinary";
    case 7:
      return first === 0x75 && equalsIgnoreCase(bytes, from, to, "upgrade") ? "upgrade" : "ordinary";
    case 10:
      if (first === 0x63 && equalsIgnoreCase(bytes, from, to, "connection")) return "connection";
      return first === 0x6b && equalsIgnoreCase(bytes, from, to, "keep-alive") ? "keep-alive" : "ordinary";
    case 14:
      if (first === 0x63 && equalsIgnoreCase(bytes, from, to, "content-length")) return "content-length";
      return first === 0x68 && equalsIgnoreCase(bytes, from, to, "http2-settings") ? "http2-settings" : "ordinary";
    case 16:
      return first === 0x70 && equalsIgnoreCase(bytes, from, to, "proxy-connection") ? "proxy-connection" : "ordinary";
    case 17:
      return first === 0x74 && equalsIgnoreCase(bytes, from, to, "transfer-encoding")
        ? "transfer-encoding"
        : "ordinary";
    default:
      return "ordinary";
  }
}
