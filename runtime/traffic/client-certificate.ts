import type { ClientCertDetails } from "../model/proxy-config.ts";

/** A verified client certificate, as far as `x-forwarded-client-cert` tells of it. */
export interface ForwardedCertificate {
  /** Lower-case hex SHA-256 of the leaf's DER. */
  readonly hash: string;
  /** RFC 2253; empty for Istio's certificates. */
  readonly subject: string;
  readonly uriSans: readonly string[];
  readonly dnsSans: readonly string[];
}

/** One hop of XFCC: By, Hash, Subject, URI, DNS in this order (spec security ID-31). `by` is the own SPIFFE id. */
export function forwardedCertificate(
  by: string,
  peer: ForwardedCertificate,
  details: Pick<ClientCertDetails, "subject" | "uri" | "dns">,
): string {
  const uris = peer.uriSans.length === 0 ? [""] : peer.uriSans;
  return [
    `By=${by}`,
    `Hash=${peer.hash}`,
    ...(details.subject ? [`Subject="${peer.subject}"`] : []),
    ...(details.uri ? uris.map((uri) => `URI=${uri}`) : []),
    ...(details.dns ? peer.dnsSans.map((name) => `DNS=${name}`) : []),
  ].join(";");
}

/** Keeps what came over mutual TLS and appends the own hop (spec security ID-32). */
export function appendForwardedCertificate(received: readonly string[], hop: string): string {
  return [...received.filter((value) => value !== ""), hop].join(",");
}
