import type { X509Certificate } from "node:crypto";

/** PEM as it travels in headers and checks: with everything escaped that a URL may not hold. */
export function urlEncodedPem(certificate: X509Certificate): string {
  return encodeURIComponent(certificate.toString());
}

/** A leaf and the intermediates that it came with; never a root. */
export function urlEncodedChain(leaf: X509Certificate): string {
  const seen = new Set<string>();
  let text = "";
  let next: X509Certificate | undefined = leaf;
  while (next !== undefined && !seen.has(next.fingerprint256) && (next === leaf || next.issuer !== next.subject)) {
    seen.add(next.fingerprint256);
    text += urlEncodedPem(next);
    next = next.issuerCertificate;
  }
  return text;
}
