/** gRPC on the HTTP layer: its content type, its deadline header, and its status for replies of the proxy. */

export function isGrpc(header: (name: string) => readonly string[]): boolean {
  const type = header("content-type")[0];
  if (type === undefined || !type.startsWith("application/grpc")) return false;
  const rest = type.charAt("application/grpc".length);
  return rest === "" || rest === "+" || rest === ";";
}

/** The status that stands for an HTTP status in a local reply (spec traffic 5.6.4). */
export function grpcStatusOf(httpStatus: number): number {
  switch (httpStatus) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return 2;
  }
}

/** gRPC's percent-encoding of `grpc-message`: printable ASCII but the percent sign stays. */
export function grpcMessage(text: string): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) =>
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
    )
    .join("");
}

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000001 };

/** `grpc-timeout` in milliseconds, rounded up; undefined when it is absent or malformed. */
export function parseGrpcTimeout(text: string | undefined): number | undefined {
  const match = text === undefined ? null : /^(\d{1,8})([HMSmun])$/.exec(text);
  if (match === null) return undefined;
  const [, digits = "", unit = ""] = match;
  return Math.ceil(Number(digits) * (unitMs[unit] ?? 1));
}

export function formatGrpcTimeout(ms: number): string {
  if (ms < 100_000_000) return `${ms}m`;
  if (ms < 100_000_000_000) return `${Math.floor(ms / 1000)}S`;
  return `${Math.floor(ms / 60_000)}M`;
}
