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

/**
 * Names that Envoy holds as one value: repeated lines are joined with a comma before any filter sees them
 * (errata traffic C10, security 14). Unknown names and cookies stay apart.
 */
const single: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "access-control-request-headers",
  "access-control-request-method",
  "authorization",
  "cache-control",
  "connection",
  "content-encoding",
  "content-type",
  "grpc-accept-encoding",
  "grpc-timeout",
  "origin",
  "referer",
  "upgrade",
  "user-agent",
  "via",
  "x-client-trace-id",
  "x-envoy-decorator-operation",
  "x-envoy-downstream-service-cluster",
  "x-envoy-downstream-service-node",
  "x-envoy-external-address",
  "x-envoy-original-host",
  "x-envoy-original-path",
  "x-forwarded-client-cert",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-request-id",
]);

/** Whether repeated lines of this name are one comma-joined value. */
export function isSingle(lowerName: string): boolean {
  return single.has(lowerName);
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
