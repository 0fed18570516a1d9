import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { SecureContext } from "node:tls";
import type { Clock } from "../core/clock.ts";
import type { SubjectAltNames } from "../identity/certificate.ts";
import type { PeerVerdict } from "../identity/verify.ts";
import type { TlsFacts } from "../model/event.ts";
import { prepareAlert } from "./tls-alert.ts";
import { chainVerdict, closedFault, handshakeFault, judge, lateRefusal, slowFault } from "./tls-failure.ts";
import type { HandshakeFault } from "./tls-failure.ts";

export interface ServerHandshakeOptions {
  readonly raw: Socket;
  /** What was read while sniffing; goes back before TLS begins. */
  readonly bytes: Buffer;
  readonly context: SecureContext;
  /** Only what overlaps with the client's offer: Node aborts where Envoy goes on without ALPN (architecture.md §7). */
  readonly alpn: readonly string[];
  readonly sni: string | undefined;
  readonly clock: Clock;
  /** Everything that Node does not check, also on resumed connections; `openssl` is its verdict about the chain. */
  readonly verify: (leaf: X509Certificate | undefined, openssl: true | string) => PeerVerdict;
  /** The client found fault with the handshake after it was over for us. */
  readonly onLateRefusal: (fault: HandshakeFault) => void;
}

export type ServerHandshake =
  | {
      readonly ok: true;
      readonly socket: TLSSocket;
      readonly leaf: X509Certificate;
      readonly names: SubjectAltNames;
      readonly tls: TlsFacts;
    }
  | {
      readonly ok: false;
      readonly failure: HandshakeFault;
      readonly leaf: X509Certificate | undefined;
      readonly tls: TlsFacts;
    };

const timeoutMs = 15_000;

/** Ends the client's TLS on a socket that was accepted and sniffed. After a failure the socket closes by itself. */
export function acceptTls(options: ServerHandshakeOptions, done: (result: ServerHandshake) => void): void {
  const { raw } = options;
  raw.on("error", ignore);
  raw.unshift(options.bytes);
  const socket = new TLSSocket(raw, {
    isServer: true,
    secureContext: options.context,
    requestCert: true,
    rejectUnauthorized: true,
    ...(options.alpn.length > 0 ? { ALPNProtocols: [...options.alpn] } : {}),
  });
  const alerts = prepareAlert(socket, raw, "server");
  let settled = false;
  const cancel = options.clock.after(timeoutMs, () => {
    fail(slowFault, undefined);
  });

  function facts(): TlsFacts {
    return {
      version: socket.getProtocol(),
      cipher: settled ? cipherOf(socket) : null,
      alpn: typeof socket.alpnProtocol === "string" ? socket.alpnProtocol : null,
      sni: options.sni ?? null,
      resumed: socket.isSessionReused(),
    };
  }

  /** `ownAlert`: one that the library did not send. */
  function fail(failure: HandshakeFault, leaf: X509Certificate | undefined, ownAlert: string | null = null): void {
    if (settled) return;
    settled = true;
    cancel();
    const tls = facts();
    alerts.refuse(ownAlert, tls.cipher);
    done({ ok: false, failure, leaf, tls });
  }

  function onError(error: Error): void {
    fail(handshakeFault(error, socket.getProtocol()), undefined);
  }

  function onClose(): void {
    fail(closedFault, undefined);
  }

  function onSecure(): void {
    if (settled) return;
    const leaf = socket.getPeerX509Certificate();
    const verdict = judge(options.verify, leaf, chainVerdict(socket));
    if (!verdict.ok || leaf === undefined) {
      fail(verdict.ok ? closedFault : verdict, leaf, verdict.ok ? null : verdict.alert);
      return;
    }
    settled = true;
    cancel();
    socket.off("error", onError);
    socket.off("close", onClose);
    alerts.forget();
    socket.on("error", ignore);
    // A server socket that no `tls.Server` made tells errors of the library here, and does not end for them.
    socket.on("_tlsError", (error: NodeJS.ErrnoException) => {
      const fault = lateRefusal(error);
      if (fault === undefined) return;
      options.onLateRefusal(fault);
      socket.destroy();
    });
    socket.disableRenegotiation();
    done({ ok: true, socket, leaf, names: verdict.names, tls: facts() });
  }

  socket.on("error", onError);
  socket.on("close", onClose);
  socket.on("secure", onSecure);
}

export function cipherOf(socket: TLSSocket): string | null {
  const cipher: unknown = socket.getCipher();
  return typeof cipher === "object" && cipher !== null && "name" in cipher && typeof cipher.name === "string"
    ? cipher.name
    : null;
}

/** Errors of a socket are followed by its close, where they are dealt with. */
export function ignore(): void {
  // Nothing to do here.
}
