import type { X509Certificate } from "node:crypto";
import type { HandshakeFailure } from "../model/event.ts";
import { subjectAltNames, type SubjectAltNames } from "./certificate.ts";

/** What a handshake left us to judge. */
export interface Peer {
  /** Undefined when the peer sent no certificate. */
  readonly leaf: X509Certificate | undefined;
  /** Certificates sent along, without the leaf; a Node server sees none of them when an intermediate issued the leaf. */
  readonly intermediates: readonly X509Certificate[];
  /** What OpenSSL found: `true` = chain verified against our bundle; a code such as `CERT_HAS_EXPIRED`; undefined = it did not look. */
  readonly openssl: true | string | undefined;
}

export type PeerRules = {
  /** The bundle: only these are trusted. */
  readonly roots: readonly X509Certificate[];
  /** Milliseconds since the epoch. */
  readonly now: number;
} & (
  | {
      /** We are the server, the peer is a caller: some trust domain of ours must have issued it (spec ID-6). */
      readonly peer: "client";
      readonly trustDomains: readonly string[];
    }
  | {
      /** We are the client: one of these names, exactly (spec ID-11); an empty list means no check (ID-12). */
      readonly peer: "server";
      readonly subjectAltNames: readonly string[];
    }
);

export type PeerVerdict =
  | { readonly ok: true; readonly names: SubjectAltNames }
  | {
      readonly ok: false;
      readonly step: HandshakeFailure["step"];
      /** The alert Envoy would send. */
      readonly alert: string;
      /** In words. */
      readonly reason: string;
      /** Envoy's transport failure text (errata security 20), for access logs and events. */
      readonly transport: string;
    };

/**
 * The checks that Node does not make, and those that must hold again on a resumed session: chain to the bundle, validity,
 * purpose, and the names. Everything must be proven; what cannot be is refused.
 */
export function verifyPeer(peer: Peer, rules: PeerRules): PeerVerdict {
  const { leaf } = peer;
  if (leaf === undefined) {
    return {
      ok: false,
      step: "certificate",
      alert: "certificate_required",
      reason: "the peer sent no certificate",
      transport: "TLS_error:|268435655:SSL routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE:TLS_error_end",
    };
  }
  if (typeof peer.openssl === "string") return chainFailure(peer.openssl);
  const dates = checkDates(leaf, rules.now, 0);
  if (dates !== undefined) return dates;
  const chain = checkChain(leaf, peer.intermediates, rules);
  if (chain !== undefined && !(chain === "unknown" && peer.openssl === true)) {
    return chain === "unknown" ? chainFailure("UNABLE_TO_GET_ISSUER_CERT_LOCALLY") : chain;
  }
  const purpose = rules.peer === "client" ? clientAuth : serverAuth;
  // Node's types promise a list, but a certificate without the extension has none.
  const usages: readonly string[] | undefined = leaf.keyUsage;
  if (leaf.ca || (usages !== undefined && !usages.includes(purpose))) return chainFailure("INVALID_PURPOSE");
  return checkNames(leaf, rules);
}

const serverAuth = "1.3.6.1.5.5.7.3.1";
const clientAuth = "1.3.6.1.5.5.7.3.2";
const maxDepth = 8;

function checkNames(leaf: X509Certificate, rules: PeerRules): PeerVerdict {
  const names = subjectAltNames(leaf);
  if (rules.peer === "client") {
    // Decisions know one caller. Certificates of a mesh CA have one URI (spec ID-16); several could show each check another face.
    const [uri] = names.uris;
    const known =
      names.uris.length === 1 &&
      uri !== undefined &&
      rules.trustDomains.some((td) => uri.startsWith(`spiffe://${td}/`));
    return known ? { ok: true, names } : nameFailure(names, "the caller's trust domain is not one of this mesh");
  }
  const wanted = rules.subjectAltNames;
  const all = [...names.uris, ...names.dns];
  if (wanted.length === 0 || all.some((name) => wanted.includes(name))) return { ok: true, names };
  return nameFailure(names, "the server is not who the service should be");
}

function nameFailure(names: SubjectAltNames, reason: string): PeerVerdict {
  const sans = [...names.uris, ...names.dns].join(", ");
  return {
    ok: false,
    step: "identity",
    alert: "certificate_unknown",
    reason: `${reason}: certificate SANs are [${sans}]`,
    transport: verifyFailed(`SAN matcher, certificate SANs are [${sans}]`),
  };
}

function verifyFailed(cause: string): string {
  return `TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify cert failed: ${cause}:TLS_error_end`;
}

/** `unknown`: no path to a root with what was sent; OpenSSL may have known more. */
function checkChain(
  leaf: X509Certificate,
  intermediates: readonly X509Certificate[],
  rules: PeerRules,
): PeerVerdict | "unknown" | undefined {
  let current = leaf;
  for (let depth = 1; depth <= maxDepth; depth += 1) {
    const root = rules.roots.find((candidate) => issued(candidate, current));
    if (root !== undefined) return checkDates(root, rules.now, depth);
    const issuer = intermediates.find((candidate) => candidate.ca && issued(candidate, current));
    if (issuer === undefined || issuer.fingerprint256 === current.fingerprint256) return "unknown";
    const dates = checkDates(issuer, rules.now, depth);
    if (dates !== undefined) return dates;
    current = issuer;
  }
  return "unknown";
}

/** Who issued what never changes, and workloads meet the same certificates again and again: by issuer, then by the subject's fingerprint. */
const known = new WeakMap<X509Certificate, Map<string, boolean>>();
const mostKnown = 1000;

function issued(issuer: X509Certificate, subject: X509Certificate): boolean {
  const subjects = known.get(issuer) ?? new Map<string, boolean>();
  known.set(issuer, subjects);
  const before = subjects.get(subject.fingerprint256);
  if (before !== undefined) return before;
  if (subjects.size >= mostKnown) subjects.clear();
  const is = isIssuedBy(issuer, subject);
  subjects.set(subject.fingerprint256, is);
  return is;
}

function isIssuedBy(issuer: X509Certificate, subject: X509Certificate): boolean {
  try {
    return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function checkDates(certificate: X509Certificate, now: number, depth: number): PeerVerdict | undefined {
  if (now < certificate.validFromDate.getTime()) return chainFailure("CERT_NOT_YET_VALID", depth);
  if (now > certificate.validToDate.getTime()) return chainFailure("CERT_HAS_EXPIRED", depth);
  return undefined;
}

interface ChainFault {
  readonly alert: string;
  readonly reason: string;
  /** BoringSSL's words. */
  readonly words: string;
  readonly depth: number;
}

/** OpenSSL's names for what can be wrong with a chain, with the alert that Envoy sends (errata security 22). */
const chainFaults: Readonly<Record<string, ChainFault>> = {
  CERT_HAS_EXPIRED: {
    alert: "certificate_expired",
    reason: "the certificate has expired",
    words: "certificate has expired",
    depth: 0,
  },
  CERT_NOT_YET_VALID: {
    alert: "bad_certificate",
    reason: "the certificate is not valid yet",
    words: "certificate is not yet valid",
    depth: 0,
  },
  CERT_REVOKED: {
    alert: "certificate_revoked",
    reason: "the certificate was revoked",
    words: "certificate revoked",
    depth: 0,
  },
  INVALID_PURPOSE: {
    alert: "unsupported_certificate",
    reason: "the certificate may not be used for this side of a connection",
    words: "unsuitable certificate purpose",
    depth: 0,
  },
  SELF_SIGNED_CERT_IN_CHAIN: {
    alert: "unknown_ca",
    reason: "the certificate comes from a CA outside this mesh",
    words: "self signed certificate in certificate chain",
    depth: 1,
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    alert: "unknown_ca",
    reason: "the certificate is self-signed",
    words: "self signed certificate",
    depth: 0,
  },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    alert: "unknown_ca",
    reason: "the certificate comes from a CA outside this mesh",
    words: "unable to get local issuer certificate",
    depth: 0,
  },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    alert: "unknown_ca",
    reason: "the certificate comes from a CA outside this mesh",
    words: "unable to verify the first certificate",
    depth: 0,
  },
  CERT_SIGNATURE_FAILURE: {
    alert: "unknown_ca",
    reason: "the certificate's signature is not that of the mesh CA",
    words: "certificate signature failure",
    depth: 0,
  },
};

function chainFailure(code: string, depth?: number): PeerVerdict {
  const fault = chainFaults[code] ?? {
    alert: "certificate_unknown",
    reason: `the certificate was refused (${code})`,
    words: code.toLowerCase().replaceAll("_", " "),
    depth: 0,
  };
  const where = depth ?? fault.depth;
  return {
    ok: false,
    step: "verify",
    alert: fault.alert,
    reason: fault.reason,
    transport: verifyFailed(`X509_verify_cert: certificate verification error at depth ${where}: ${fault.words}`),
  };
}
