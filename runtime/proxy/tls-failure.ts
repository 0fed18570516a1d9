import type { X509Certificate } from "node:crypto";
import type { PeerVerdict } from "../identity/verify.ts";
import type { HandshakeFailure } from "../model/event.ts";

/** Why a handshake failed, for events; `transport` is the text of Envoy's log. */
export interface HandshakeFault extends Pick<HandshakeFailure, "step" | "alert" | "reason"> {
  readonly transport: string;
}

/** An error of the TLS library or the socket before the handshake was over. */
export function handshakeFault(error: Error, version: string | null): HandshakeFault {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  switch (code) {
    case "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE":
      return fault(
        "certificate",
        version === "TLSv1.2" ? "handshake_failure" : "certificate_required",
        "the client presented no certificate",
        code,
      );
    case "ERR_SSL_UNSUPPORTED_PROTOCOL":
    case "ERR_SSL_VERSION_TOO_LOW":
      return fault("client-hello", "protocol_version", "the TLS version is not accepted here", code);
    case "ERR_SSL_WRONG_VERSION_NUMBER":
    case "ERR_SSL_PACKET_LENGTH_TOO_LONG":
    case "ERR_SSL_HTTP_REQUEST":
    case "ERR_SSL_UNKNOWN_PROTOCOL":
      return { ...fault("client-hello", null, "the other side does not speak TLS", code), transport: wrongVersion };
    case "ERR_SSL_NO_APPLICATION_PROTOCOL":
      return fault("alpn", "no_application_protocol", "no application protocol in common", code);
    case "ERR_SSL_NO_SHARED_CIPHER":
      return fault("client-hello", "handshake_failure", "no cipher in common", code);
    default:
      break;
  }
  const alert = /_ALERT_([A-Z_0-9]+)$/.exec(code)?.[1]?.toLowerCase();
  if (alert !== undefined) return refusedByPeer(alert, code);
  if (code.startsWith("ERR_SSL_"))
    return fault("client-hello", null, code.slice(8).toLowerCase().replaceAll("_", " "), code);
  // Node gives an end before the handshake is over the same code, but no system call.
  return code === "ECONNRESET" && "syscall" in error ? { ...closedFault, transport: resetByPeer } : closedFault;
}

function refusedByPeer(alert: string, code: string): HandshakeFault {
  return fault("verify", alert, `the other side refused the handshake: ${alert.replaceAll("_", " ")}`, code);
}

/** Alerts about the certificate that a peer was shown, or the lack of one (RFC 8446 §6.2). */
const certificateAlerts: ReadonlySet<string> = new Set([
  "bad_certificate",
  "unsupported_certificate",
  "certificate_revoked",
  "certificate_expired",
  "certificate_unknown",
  "unknown_ca",
  "access_denied",
  "decrypt_error",
  "certificate_required",
]);

/**
 * What an error of an established connection says about its handshake: under TLS 1.3 one side may be through with it before the
 * other refuses what it was shown.
 */
export function lateRefusal(error: NodeJS.ErrnoException): HandshakeFault | undefined {
  const code = error.code ?? "";
  const alert = /^ERR_SSL_.*_ALERT_([A-Z_0-9]+)$/.exec(code)?.[1]?.toLowerCase();
  return alert !== undefined && certificateAlerts.has(alert) ? refusedByPeer(alert, code) : undefined;
}

/** The peer left without a word. */
export const closedFault: HandshakeFault = {
  step: "transport",
  alert: null,
  reason: "the connection was closed during the handshake",
  transport: "",
};

export const slowFault: HandshakeFault = {
  step: "transport",
  alert: null,
  reason: "the handshake took too long",
  transport: "",
};

/** Envoy's text for a reset during the handshake (mtls-matrix/client-simple-server-permissive). */
const resetByPeer = "TLS_error:|33554536:system library:OPENSSL_internal:Connection reset by peer:TLS_error_end";

/** BoringSSL's text for an answer that is not TLS (spec security MX-5). */
const wrongVersion = "TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end";

function fault(step: HandshakeFailure["step"], alert: string | null, reason: string, code: string): HandshakeFault {
  return {
    step,
    alert,
    reason,
    transport: `TLS_error:|SSL routines:OPENSSL_internal:${code.replace(/^ERR_SSL_/, "")}:TLS_error_end`,
  };
}

/** Reads OpenSSL's verdict of the peer's chain from a TLS socket; anything unexpected counts as a refusal. */
export function chainVerdict(socket: object): true | string {
  // A TLSSocket over a socket we accepted has no `authorized`; the same verdict is kept on its handle.
  const handle: unknown = "ssl" in socket ? socket.ssl : undefined;
  if (
    typeof handle !== "object" ||
    handle === null ||
    !("verifyError" in handle) ||
    typeof handle.verifyError !== "function"
  ) {
    return "NO_VERDICT";
  }
  const verdict: unknown = handle.verifyError.call(handle);
  if (verdict === null || verdict === undefined) return true;
  return typeof verdict === "object" && "code" in verdict && typeof verdict.code === "string"
    ? verdict.code
    : "NO_VERDICT";
}

/** Our checks of a peer; one that fails to come to a verdict has not accepted it. */
export function judge(
  verify: (leaf: X509Certificate | undefined, openssl: true | string) => PeerVerdict,
  leaf: X509Certificate | undefined,
  openssl: true | string,
): PeerVerdict {
  try {
    return verify(leaf, openssl);
  } catch (error) {
    const reason = `the certificate could not be checked: ${error instanceof Error ? error.message : String(error)}`;
    return { ok: false, step: "verify", alert: "internal_error", reason, transport: reason };
  }
}
