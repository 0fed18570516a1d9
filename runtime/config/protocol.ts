/** Protocols that a port of an Istio resource may name, in lower case. */
const protocols: ReadonlyMap<string, { readonly http?: true; readonly tcp?: true; readonly tls?: true }> = new Map([
  ["tcp", { tcp: true }],
  ["udp", {}],
  ["grpc", { http: true }],
  ["grpc-web", { http: true }],
  ["http", { http: true }],
  ["http_proxy", { http: true }],
  ["http2", { http: true }],
  ["https", { tcp: true, tls: true }],
  ["tls", { tcp: true, tls: true }],
  ["mongo", { tcp: true }],
  ["redis", { tcp: true }],
  ["mysql", { tcp: true }],
]);

/** What Istio knows of a protocol; undefined when it has none of this name. */
export function protocolOf(
  name: string | undefined,
): { readonly http?: true; readonly tcp?: true; readonly tls?: true } | undefined {
  return protocols.get((name ?? "").toLowerCase());
}

/** An empty name asks for sniffing. */
export function protocolFault(name: string | undefined): string | undefined {
  return name === undefined || name === "" || protocolOf(name) !== undefined
    ? undefined
    : `unsupported protocol: ${name}`;
}
