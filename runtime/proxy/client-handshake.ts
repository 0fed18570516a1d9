import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { connect } from "node:tls";
import type { ConnectionOptions, SecureContext, TLSSocket } from "node:tls";
import type { Clock } from "../core/clock.ts";
import type { PeerVerdict } from "../identity/verify.ts";
import type { TlsFacts } from "../model/event.ts";
import { cipherOf, ignore } from "./server-handshake.ts";
import type { SessionCache } from "./session-cache.ts";
import { prepareAlert } from "./tls-alert.ts";
import { chainVerdict, closedFault, handshakeFault, judge, lateRefusal, slowFault } from "./tls-failure.ts";
import type { HandshakeFault } from "./tls-failure.ts";

export interface ClientHandshakeOptions {
  /** A connected socket. */
  readonly raw: Socket;
  readonly context: SecureContext;
  readonly alpn: readonly string[];
  readonly sni: string | undefined;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly sessions: SessionCache;
  readonly sessionKey: string;
  /** Chain, secure naming and validity; also for resumed connections, with the certificate of the full handshake. */
  readonly verify: (leaf: X509Certificate | undefined, openssl: true | string) => PeerVerdict;
  /** The server found fault with the handshake after it was over for us. */
  readonly onLateRefusal: (fault: HandshakeFault) => void;
}

export type ClientHandshake =
  | { readonly ok: true; readonly socket: TLSSocket; readonly leaf: X509Certificate; readonly tls: TlsFacts }
  | {
      readonly ok: false;
      readonly failure: HandshakeFault;
      readonly leaf: X509Certificate | undefined;
      readonly tls: TlsFacts;
      readonly timedOut: boolean;
    };

interface Failing {
  readonly timedOut?: boolean;
  /** One that the library did not send. */
  readonly ownAlert?: string;
}

/** Begins TLS towards a server and verifies it before a single byte of ours is sent. The returned function gives up. */
export function startTls(options: ClientHandshakeOptions, done: (result: ClientHandshake) => void): () => void {
  const { raw, sessions, sessionKey } = options;
  const cached = sessions.get(sessionKey);
  const settings: ConnectionOptions = {
    socket: raw,
    secureContext: options.context,
    // Verified below, so that the reason is known and nothing depends on host names.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(options.alpn.length > 0 ? { ALPNProtocols: [...options.alpn] } : {}),
    ...(options.sni === undefined ? {} : { servername: options.sni }),
    ...(cached === undefined ? {} : { session: cached.session }),
  };
  const socket = connect(settings);
  const alerts = prepareAlert(socket, raw, "client");
  let settled = false;
  let verified: X509Certificate | undefined;
  const cancelTimer = options.clock.after(options.timeoutMs, () => {
    fail(slowFault, undefined, { timedOut: true });
  });

  function facts(): TlsFacts {
    return {
      version: socket.getProtocol(),
      cipher: cipherOf(socket),
      alpn: typeof socket.alpnProtocol === "string" ? socket.alpnProtocol : null,
      sni: options.sni ?? null,
      resumed: socket.isSessionReused(),
    };
  }

  function fail(failure: HandshakeFault, leaf: X509Certificate | undefined, how: Failing = {}): void {
    if (settled) return;
    settled = true;
    cancelTimer();
    sessions.drop(sessionKey);
    const tls = facts();
    alerts.refuse(how.ownAlert ?? null, tls.cipher);
    done({ ok: false, failure, leaf, tls, timedOut: how.timedOut === true });
  }

  function onError(error: Error): void {
    fail(handshakeFault(error, socket.getProtocol()), undefined);
  }

  function onClose(): void {
    fail(closedFault, undefined);
  }

  function onSecure(): void {
    if (settled) return;
    const resumed = socket.isSessionReused();
    const leaf = resumed ? cached?.leaf : socket.getPeerX509Certificate();
    const verdict = judge(options.verify, leaf, chainVerdict(socket));
    if (!verdict.ok || leaf === undefined) {
      fail(verdict.ok ? closedFault : verdict, leaf, verdict.ok ? {} : { ownAlert: verdict.alert });
      return;
    }
    settled = true;
    verified = leaf;
    cancelTimer();
    socket.off("error", onError);
    socket.off("close", onClose);
    alerts.forget();
    socket.on("error", (error) => {
      const fault = lateRefusal(error);
      if (fault === undefined) return;
      // Its ticket came before the refusal, and is worth nothing.
      sessions.drop(sessionKey);
      options.onLateRefusal(fault);
    });
    done({ ok: true, socket, leaf, tls: facts() });
  }

  raw.on("error", ignore);
  socket.on("error", onError);
  socket.on("close", onClose);
  socket.on("secureConnect", onSecure);
  socket.on("session", (session: Buffer) => {
    // TLS 1.2 offers a session before our check, TLS 1.3 after it: only a verified peer's session is kept.
    if (verified !== undefined) sessions.put(sessionKey, { session, leaf: verified });
  });
  return () => {
    if (settled) return;
    settled = true;
    cancelTimer();
    socket.destroy();
    raw.destroy();
  };
}
