import type { CertificateClaim, TlsFailure, TlsOffer, TlsSession } from "./payload.ts";

export interface TlsServer {
  readonly certificate: CertificateClaim;
  /** In order of preference. */
  readonly alpn: readonly string[];
  /** Ends the handshake when no protocol overlaps; Envoy goes on without. */
  readonly needsAlpn: boolean;
  readonly minVersion: number;
  /** Undefined: no client certificate is asked for. Otherwise its judgement: undefined, or the alert that refuses it. */
  readonly judge: ((client: CertificateClaim | undefined) => string | undefined) | undefined;
}

export type HandshakeResult = { readonly kind: "session"; readonly session: TlsSession } | TlsFailure;

/** One TLS handshake on paper: versions, ALPN, the client's judgement, then the server's. */
export function shakeHands(offer: TlsOffer, server: TlsServer): HandshakeResult {
  const version = Math.min(offer.maxVersion, 13);
  if (version < server.minVersion || version < offer.minVersion) return refused("protocol_version", false, undefined);
  const alpn = server.alpn.find((protocol) => offer.alpn.includes(protocol));
  if (server.needsAlpn && offer.alpn.length > 0 && alpn === undefined) {
    return refused("no_application_protocol", false, undefined);
  }
  const session: TlsSession = { version, alpn, server: server.certificate };
  const objection = offer.judge(server.certificate);
  if (objection !== undefined) {
    return { kind: "tls-failed", by: "client", alert: undefined, late: false, text: objection, session };
  }
  const alert = server.judge?.(offer.certificate);
  if (alert === undefined) return { kind: "session", session };
  // Before TLS 1.3 a missing certificate is a handshake failure, and the client waits for the server's verdict (errata security 22).
  if (version >= 13) return refused(alert, true, session);
  return refused(alert === "certificate_required" ? "handshake_failure" : alert, false, session);
}

const alertTexts: Readonly<Record<string, string>> = {
  no_application_protocol:
    "TLS_error:|268436576:SSL routines:OPENSSL_internal:TLSV1_ALERT_NO_APPLICATION_PROTOCOL:TLS_error_end",
};

function refused(alert: string, late: boolean, session: TlsSession | undefined): TlsFailure {
  return { kind: "tls-failed", by: "server", alert, late, text: alertTexts[alert] ?? `TLS_error:|${alert}`, session };
}

/** What a mesh server makes of a client's certificate: the alert that refuses it, or undefined (spec ID-6, errata security 22). */
export function judgeCaller(
  certificate: CertificateClaim | undefined,
  trustDomains: readonly string[],
): string | undefined {
  if (certificate === undefined) return "certificate_required";
  if (certificate.issuer !== "mesh") return "unknown_ca";
  if (certificate.expired) return "certificate_expired";
  const trusted = certificate.uriSans.some((san) =>
    trustDomains.some((domain) => san.startsWith(`spiffe://${domain}/`)),
  );
  return trusted ? undefined : "certificate_unknown";
}

/** What a client makes of a server's certificate: Envoy's text of the failure, or undefined (spec ID-11, ID-12). */
export function judgeServer(
  certificate: CertificateClaim,
  issuer: string,
  names: readonly string[],
  isRevoked = false,
): string | undefined {
  if (isRevoked)
    return verifyFailed("X509_verify_cert: certificate verification error at depth 0: certificate revoked");
  if (certificate.issuer !== issuer) {
    return verifyFailed(
      "X509_verify_cert: certificate verification error at depth 1: self signed certificate in certificate chain",
    );
  }
  const sans = [...certificate.uriSans, ...certificate.dnsSans];
  if (names.length === 0 || names.some((name) => sans.includes(name))) return undefined;
  return verifyFailed(`SAN matcher, certificate SANs are [${sans.join(", ")}]`);
}

function verifyFailed(cause: string): string {
  return `TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify cert failed: ${cause}:TLS_error_end`;
}

export const wrongVersion = "TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end";
export const resetByPeer = "TLS_error:|33554536:system library:OPENSSL_internal:Connection reset by peer:TLS_error_end";
