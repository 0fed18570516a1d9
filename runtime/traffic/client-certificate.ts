import type { ClientCertDetails } from "../model/proxy-config.ts";

/** A verified client certificate, as far as `x-forwarded-client-cert` tells of it. */
export interface ForwardedCertificate {
  /** Lower-case hex SHA-256 of the leaf's DER. */
  readonly hash: string;
  /** RFC 2253; empty for Istio's certificates. */
  readonly subject: string;
  readonly uriSans: readonly string[];
  readonly dnsSans: readonly string[];
  /** URL-encoded PEM of the leaf, and of what it came with; absent: not known here. */
  readonly certificate?: () => string;
  readonly chain?: () => string;
}

interface KnownHop {
  readonly by: string;
  readonly details: ClientCertDetails;
  readonly hop: string;
}

const hops = new WeakMap<ForwardedCertificate, KnownHop>();

/** One hop of XFCC, put together once for all requests of a connection. `by` is the own SPIFFE id. */
export function forwardedCertificate(by: string, peer: ForwardedCertificate, details: ClientCertDetails): string {
  const known = hops.get(peer);
  if (known !== undefined && known.by === by && known.details === details) return known.hop;
  const hop = writeHop(by, peer, details);
  hops.set(peer, { by, details, hop });
  return hop;
}

/** By, Hash, Cert, Chain, Subject, URI, DNS in this order (spec security ID-31). */
function writeHop(by: string, peer: ForwardedCertificate, details: ClientCertDetails): string {
  let hop = `By=${by};Hash=${peer.hash}`;
  if (details.cert === true) hop += `;Cert="${peer.certificate?.() ?? ""}"`;
  if (details.chain === true) hop += `;Chain="${peer.chain?.() ?? ""}"`;
  if (details.subject) hop += `;Subject="${peer.subject}"`;
  if (details.uri) for (const uri of peer.uriSans.length === 0 ? noUri : peer.uriSans) hop += `;URI=${uri}`;
  if (details.dns) for (const name of peer.dnsSans) hop += `;DNS=${name}`;
  return hop;
}

const noUri: readonly string[] = [""];

/** Keeps what came over mutual TLS and appends the own hop (spec security ID-32). */
export function appendForwardedCertificate(received: readonly string[], hop: string): string {
  return received.length === 0 ? hop : [...received.filter((value) => value !== ""), hop].join(",");
}
