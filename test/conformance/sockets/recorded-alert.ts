/** Names of alerts in the words of the client that recorded them (RFC 8446 §6.2). */
const alerts: Readonly<Record<string, string>> = {
  "certificate required": "certificate_required",
  "expired certificate": "certificate_expired",
  "unknown certificate authority": "unknown_ca",
  "unknown certificate": "certificate_unknown",
  "bad certificate": "bad_certificate",
  "handshake failure": "handshake_failure",
  "no application protocol": "no_application_protocol",
  "protocol version not supported": "protocol_version",
};

/** The alert that ended the recorded handshake; undefined when the recording names none. */
export function alertOf(client: { readonly error?: string }): string | undefined {
  const words = /remote error: tls: (.*)$/.exec(client.error ?? "")?.[1];
  return words === undefined ? undefined : (alerts[words] ?? words);
}
