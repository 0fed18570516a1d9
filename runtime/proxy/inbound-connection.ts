import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { Party } from "../model/event.ts";
import type { ConnectionSeen, FilterChain, InboundListener } from "../model/snapshot.ts";
import type { SubjectAltNames } from "../identity/certificate.ts";
import { containsRoots } from "../identity/roots.ts";
import { verifyPeer } from "../identity/verify.ts";
import type { PeerVerdict } from "../identity/verify.ts";
import { chooseChain } from "../policy/chains.ts";
import type { ForwardedCertificate } from "../traffic/client-certificate.ts";
import type { Binding } from "./binding.ts";
import type { Sidecar } from "./context.ts";
import type { TrustBundle } from "./credentials.ts";
import type { ConnectionFacts } from "../traffic/facts.ts";

/** An accepted connection whose kind is known. */
export interface InboundConnection {
  readonly sidecar: Sidecar;
  readonly socket: Socket;
  /** Bytes read while finding out. */
  readonly early: Buffer;
  readonly port: number;
  readonly listener: InboundListener;
  readonly chain: FilterChain;
  /** The snapshot that the chain is of. */
  readonly accepted: Binding;
  readonly seen: ConnectionSeen;
  readonly from: Party;
  /** This sidecar's workload, as it is called. */
  readonly to: Party;
  readonly facts: ConnectionFacts;
  /** Set when this sidecar ended the TLS. */
  readonly tls: InboundTls | undefined;
  readonly acceptedAt: number;
}

export interface InboundTls {
  readonly handshake: string;
  /** The identity that this sidecar showed. */
  readonly identity: string;
  readonly alpn: string | null;
  readonly leaf: X509Certificate;
  readonly names: SubjectAltNames;
  readonly forwarded: ForwardedCertificate;
  /** What the chain was verified against. */
  readonly bundle: TrustBundle;
}

/** Chain, trust domain, dates and purpose of a caller's certificate, as the snapshot in force wants them. */
export function verifyCaller(
  sidecar: Sidecar,
  binding: Binding,
  leaf: X509Certificate | undefined,
  openssl: true | string | undefined,
): PeerVerdict {
  const issuer = leaf?.issuerCertificate;
  // Node tells a server nothing but the leaf: what stands between it and the root is what stands above our own certificate.
  const own = sidecar.credentials.svid()?.issuers ?? [];
  return verifyPeer(
    { leaf, intermediates: issuer === undefined ? own : [issuer, ...own], openssl },
    {
      peer: "client",
      roots: sidecar.shared.bundle()?.certificates ?? [],
      trustDomains: binding.snapshot.trust.trustDomains,
      now: sidecar.shared.clock.now(),
    },
  );
}

/** Whether a new snapshot would take this connection in the same way; if not, it has to go (model.md §4). */
export function isStillAccepted(connection: InboundConnection, binding: Binding): boolean {
  const { sidecar, chain, tls } = connection;
  const listener = binding.inbound.listener(connection.port);
  // What was seen of it was looked for with the old protocol in mind.
  if (listener.protocol !== connection.listener.protocol) return false;
  const now = chooseChain(listener, connection.seen);
  if (now?.transport !== chain.transport || now.terminates !== chain.terminates || now.network !== chain.network)
    return false;
  if (tls === undefined) return true;
  // The caller accepted somebody else: a workload with another account is another workload.
  if (binding.snapshot.identity !== tls.identity) return false;
  return verifyCaller(sidecar, binding, tls.leaf, stillProves(sidecar, tls.bundle) ? true : undefined).ok;
}

/** OpenSSL's verdict is about the roots of that time: it holds while all of them are trusted; else the chain must be proven anew. */
export function stillProves(sidecar: Sidecar, then: TrustBundle): boolean {
  const now = sidecar.shared.bundle();
  return now !== undefined && containsRoots(now.certificates, then.certificates);
}
