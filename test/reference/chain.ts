/** How a port's sidecar takes a connection (spec 2.2, 2.3). */
export type Chain =
  | { readonly kind: "http" | "tcp"; readonly terminates: boolean }
  /** No chain: closed without a byte (spec PA-16). */
  | { readonly kind: "none" };

export interface Arriving {
  /** Offered ALPN of a ClientHello; undefined: the connection is plaintext. */
  readonly alpn: readonly string[] | undefined;
  /** What plaintext looks like to the HTTP inspector. */
  readonly looksLikeHttp: boolean;
}

const mtlsHttp = ["istio-http/1.0", "istio-http/1.1", "istio-h2"];
const mtlsTcp = ["istio-peer-exchange", "istio"];

/** The tables PA-13…PA-15, written out. `declared`: http, tcp or auto; a port of no service is auto (PA-17). */
export function chainFor(mode: string, declared: string, { alpn, looksLikeHttp }: Arriving): Chain {
  const http = (terminates: boolean): Chain => ({ kind: "http", terminates });
  const tcp = (terminates: boolean): Chain => ({ kind: "tcp", terminates });
  // What a port takes that nobody encrypts; under DISABLE a ClientHello is bytes like any other.
  const plain = (): Chain => {
    if (declared === "http") return http(false);
    return declared === "auto" && looksLikeHttp && alpn === undefined ? http(false) : tcp(false);
  };
  if (mode === "DISABLE") return plain();
  if (alpn === undefined) return mode === "STRICT" ? { kind: "none" } : plain();
  const isHttp = (protocol: string | undefined): boolean => protocol !== undefined && mtlsHttp.includes(protocol);
  if (mode === "STRICT")
    return declared === "http" || (declared === "auto" && alpn.some(isHttp)) ? http(true) : tcp(true);
  // Of the names that some chain asks for, the one that the client offers first decides.
  const first = alpn.find((each) => mtlsHttp.includes(each) || mtlsTcp.includes(each));
  if (declared === "http") return first === undefined ? { kind: "none" } : http(true);
  if (first === undefined) return tcp(false);
  return declared === "auto" && isHttp(first) ? http(true) : tcp(true);
}
