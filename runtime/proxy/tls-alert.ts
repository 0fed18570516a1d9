import { createCipheriv, createHmac } from "node:crypto";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** What is needed to send an alert on a TLS 1.3 connection. Node tells nobody why it leaves, and Envoy does. */
export interface AlertSender {
  /** Sends a fatal alert once everything before it is out, and closes; without an alert, or where none can be sent, it only closes. */
  readonly refuse: (alert: string | null, cipher: string | null) => void;
  /** The connection is accepted: its secret is forgotten. */
  readonly forget: () => void;
}

/**
 * Watches a handshake for the secret that alerts are sent with. `side` is ours. The library tells it for key logs; it never
 * leaves this function.
 */
export function prepareAlert(socket: TLSSocket, raw: Socket, side: "client" | "server"): AlertSender {
  const label = side === "server" ? "SERVER_TRAFFIC_SECRET_0 " : "CLIENT_TRAFFIC_SECRET_0 ";
  let secret: Buffer | undefined;

  function onKeylog(line: Buffer): void {
    const text = line.toString("latin1");
    if (text.startsWith(label)) secret = Buffer.from(text.slice(text.lastIndexOf(" ") + 1).trim(), "hex");
  }

  function forget(): void {
    socket.off("keylog", onKeylog);
    secret = undefined;
  }

  function close(): void {
    socket.destroy();
    raw.destroy();
  }

  socket.on("keylog", onKeylog);
  return {
    forget,
    refuse: (alert, cipher) => {
      const code = alert === null ? undefined : alertCodes[alert];
      const suite = cipher === null ? undefined : suites[cipher];
      const key = secret;
      forget();
      socket.on("error", close);
      if (code === undefined || suite === undefined || key === undefined) {
        close();
        return;
      }
      // A server's tickets are the first records under this key: two, or one for a resumed session.
      const sequence = side === "client" ? 0 : socket.isSessionReused() ? 1 : 2;
      // The library writes them, and a client its last flight, when this call stack is over.
      setImmediate(() => {
        if (raw.destroyed) close();
        else raw.write(alertRecord(suite, key, sequence, code), close);
      });
    },
  };
}

interface Suite {
  readonly algorithm: "aes-128-gcm" | "aes-256-gcm" | "chacha20-poly1305";
  readonly hash: "sha256" | "sha384";
  /** Bytes. */
  readonly key: number;
}

/** The cipher suites of TLS 1.3 (RFC 8446 §B.4). */
const suites: Readonly<Record<string, Suite>> = {
  TLS_AES_128_GCM_SHA256: { algorithm: "aes-128-gcm", hash: "sha256", key: 16 },
  TLS_AES_256_GCM_SHA384: { algorithm: "aes-256-gcm", hash: "sha384", key: 32 },
  TLS_CHACHA20_POLY1305_SHA256: { algorithm: "chacha20-poly1305", hash: "sha256", key: 32 },
};

/** Alerts about certificates (RFC 8446 §6.2). */
const alertCodes: Readonly<Record<string, number>> = {
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  unknown_ca: 48,
  access_denied: 49,
  internal_error: 80,
  certificate_required: 116,
};

const ivLength = 12;
const tagLength = 16;
const fatal = 2;
const alertType = 0x15;

/** One protected record that holds a fatal alert (RFC 8446 §5.2, §5.3). */
function alertRecord(suite: Suite, secret: Buffer, sequence: number, code: number): Buffer {
  const key = expandLabel(suite.hash, secret, "key", suite.key);
  const nonce = expandLabel(suite.hash, secret, "iv", ivLength);
  nonce.writeUInt8(nonce.readUInt8(ivLength - 1) ^ sequence, ivLength - 1);
  const inner = Buffer.from([fatal, code, alertType]);
  const header = Buffer.from([0x17, 3, 3, 0, inner.length + tagLength]);
  // One call for each mode: the types of Node tell them apart.
  const cipher =
    suite.algorithm === "chacha20-poly1305"
      ? createCipheriv(suite.algorithm, key, nonce, { authTagLength: tagLength })
      : createCipheriv(suite.algorithm, key, nonce, { authTagLength: tagLength });
  cipher.setAAD(header, { plaintextLength: inner.length });
  const sealed = Buffer.concat([cipher.update(inner), cipher.final()]);
  return Buffer.concat([header, sealed, cipher.getAuthTag()]);
}

/** HKDF-Expand-Label with an empty context (RFC 8446 §7.1); no key here is longer than one block. */
function expandLabel(hash: Suite["hash"], secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`, "latin1");
  const info = Buffer.concat([Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])]);
  return createHmac(hash, secret).update(info).digest().subarray(0, length);
}
