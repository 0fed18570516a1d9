import { X509Certificate } from "node:crypto";
import type { ClientHttp2Session } from "node:http2";
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, createSecureContext, type SecureContext } from "node:tls";
import type { TLSSocket } from "node:tls";
import { encodeProxyV2 } from "../../../runtime/wire/proxy-v2.ts";
import { subjectAltNames } from "../../../runtime/identity/certificate.ts";
import type { Answer, Http2Payload, HttpAnswer, TlsOffer, TlsSession } from "../../../runtime/predict/payload.ts";
import type { KeyPair } from "./certificates.ts";
import { askHttp2, openHttp2 } from "./http2-client.ts";
import { furtherAnswers, type Patience, readAnswer, type Received } from "./read-answer.ts";

/** Where a caller's connection really goes. */
export type Dial =
  /** To the caller's own sidecar, which is told the destination. */
  | {
      readonly kind: "sidecar";
      readonly path: string;
      readonly source: { readonly address: string; readonly port: number };
      readonly destination: { readonly address: string; readonly port: number };
    }
  /** To an application's own socket. */
  | { readonly kind: "app"; readonly path: string }
  | { readonly kind: "direct"; readonly host: string; readonly port: number; readonly localAddress: string };

export interface ClientTls {
  readonly offer: TlsOffer;
  readonly certificate: KeyPair | undefined;
}

export interface Opening {
  readonly dial: Dial;
  readonly tls: ClientTls | undefined;
  readonly patience: Patience;
}

export type Asked =
  /** One after the other; each further one waits for an answer to the one before. */
  { readonly kind: "bytes"; readonly sends: readonly Buffer[] } | Http2Payload;

/** What a caller saw. */
export interface Seen {
  readonly answer: Answer;
  readonly received: Received | undefined;
  /** Alert of the server, or the fault that the TLS library found. */
  readonly alert: string | undefined;
}

/** An open connection of a caller that further requests may use. */
export interface ClientConnection {
  readonly ask: (what: Asked, patience: Patience) => Promise<Seen>;
  readonly close: () => void;
}

/** Opens a connection as the recordings' client does: it verifies nobody and sends nothing of its own. */
export async function openClient({ dial, tls, patience }: Opening): Promise<ClientConnection | Seen> {
  const raw = await dialled(dial);
  if (raw === undefined) return { answer: { kind: "refused" }, received: undefined, alert: undefined };
  if (dial.kind === "sidecar") {
    const header = encodeProxyV2({ source: dial.source, destination: dial.destination });
    if (header === undefined) throw new Error(`no PROXY header for ${dial.destination.address}`);
    raw.write(header);
  }
  if (tls === undefined) return connectionOn(raw, undefined);
  const shaken = await shakeHands(raw, tls, patience);
  return "answer" in shaken ? shaken : connectionOn(shaken, sessionOf(shaken));
}

function dialled(dial: Dial): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket =
      dial.kind !== "direct"
        ? connect({ path: dial.path, allowHalfOpen: true })
        : connect({ host: dial.host, port: dial.port, localAddress: dial.localAddress, allowHalfOpen: true });
    socket.setNoDelay(true);
    socket.once("error", () => {
      resolve(undefined);
    });
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });
}

const contexts = new Map<string, SecureContext>();

/** One context per certificate and range of versions: making one costs more than the handshake. */
function contextFor({ offer, certificate }: ClientTls): SecureContext {
  const key = `${offer.minVersion} ${offer.maxVersion} ${certificate?.chain ?? ""}`;
  const found = contexts.get(key);
  if (found !== undefined) return found;
  const made = createSecureContext({
    minVersion: versionName(offer.minVersion),
    maxVersion: versionName(offer.maxVersion),
    // TLS 1.1 needs a lowered security level.
    ...(offer.maxVersion < 12 ? { ciphers: "DEFAULT@SECLEVEL=0" } : {}),
    ...(certificate === undefined ? {} : { cert: certificate.chain, key: certificate.key }),
  });
  contexts.set(key, made);
  return made;
}

function versionName(version: number): "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3" {
  if (version <= 10) return "TLSv1";
  return version === 11 ? "TLSv1.1" : version === 12 ? "TLSv1.2" : "TLSv1.3";
}

function shakeHands(raw: Socket, tls: ClientTls, patience: Patience): Promise<TLSSocket | Seen> {
  const { offer } = tls;
  const settings: ConnectionOptions = {
    socket: raw,
    secureContext: contextFor(tls),
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(offer.alpn.length > 0 ? { ALPNProtocols: [...offer.alpn] } : {}),
    ...(offer.sni === undefined ? {} : { servername: offer.sni }),
  };
  return new Promise((resolve) => {
    const socket = connectTls(settings);
    const handle: unknown = Reflect.get(socket, "ssl");
    const timer = setTimeout(() => {
      socket.destroy();
      resolve({ answer: { kind: "hang" }, received: undefined, alert: undefined });
    }, patience.firstByteMs);
    const fail = (seen: Seen): void => {
      clearTimeout(timer);
      socket.destroy();
      raw.destroy();
      resolve(seen);
    };
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      socket.removeAllListeners("close");
      socket.on("error", () => undefined);
      resolve(socket);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      // TLS 1.2 is refused before it is finished, but what was agreed is known by then.
      fail(failed(error, agreed(handle, socket.getProtocol())));
    });
    socket.once("close", () => {
      fail({ answer: { kind: "closed" }, received: undefined, alert: undefined });
    });
  });
}

/** What an error of a TLS connection means to the caller. */
export function failed(error: NodeJS.ErrnoException, session: TlsSession | undefined): Seen {
  const code = error.code ?? "";
  if (!code.startsWith("ERR_SSL_"))
    return {
      answer: { kind: "closed", ...(session === undefined ? {} : { tls: session }) },
      received: undefined,
      alert: undefined,
    };
  const alert = /_ALERT_([A-Z_0-9]+)$/.exec(code)?.[1]?.toLowerCase();
  return {
    answer: {
      kind: "tls-failed",
      by: alert === undefined ? "garbage" : "server",
      alert,
      late: session !== undefined,
      text: code,
      session,
    },
    received: undefined,
    alert,
  };
}

function sessionOf(socket: TLSSocket): TlsSession {
  return session(socket.getProtocol(), socket.alpnProtocol, socket.getPeerX509Certificate());
}

/** What had been agreed when a TLS 1.2 handshake was refused: only the library's own handle still knows. */
function agreed(handle: unknown, protocol: string | null): TlsSession | undefined {
  if (protocol !== "TLSv1.2" || typeof handle !== "object" || handle === null) return undefined;
  const leaf: unknown = ask(handle, "getPeerX509Certificate");
  if (leaf === undefined) return undefined;
  return session(protocol, ask(handle, "getALPNNegotiatedProtocol"), new X509Certificate(String(ask(leaf, "pem"))));
}

function ask(object: unknown, method: string): unknown {
  const found: unknown = typeof object === "object" && object !== null ? Reflect.get(object, method) : undefined;
  return typeof found === "function" ? Reflect.apply(found, object, []) : undefined;
}

function session(protocol: string | null, alpn: unknown, leaf: X509Certificate | undefined): TlsSession {
  const version = Number(/TLSv1(?:\.(\d))?$/.exec(protocol ?? "")?.[1] ?? "0") + 10;
  const names = leaf === undefined ? { uris: [], dns: [] } : subjectAltNames(leaf);
  return {
    version,
    alpn: typeof alpn === "string" && alpn !== "" ? alpn : undefined,
    server: { uriSans: names.uris, dnsSans: names.dns, subject: "", issuer: "", expired: false, hash: "<sha256>" },
  };
}

function connectionOn(socket: Socket, session: TlsSession | undefined): ClientConnection {
  let http2: ClientHttp2Session | undefined;
  return {
    ask: async (what, patience) => {
      if (what.kind === "bytes") return judge(await readAnswer(socket, what.sends, patience), session);
      http2 ??= openHttp2(socket);
      return judge(await askHttp2(http2, what, patience), session);
    },
    close: () => {
      http2?.destroy();
      socket.destroy();
    },
  };
}

function judge(result: Awaited<ReturnType<typeof readAnswer>>, session: TlsSession | undefined): Seen {
  const tls = session === undefined ? {} : { tls: session };
  const { received } = result;
  if (received === undefined) {
    if (result.ended === "timeout") return { answer: { kind: "hang" }, received, alert: undefined };
    return result.ended === "error"
      ? failed(result.error, session)
      : { answer: { kind: "closed", ...tls }, received, alert: undefined };
  }
  if (received.kind === "bytes")
    return { answer: { kind: "bytes", text: received.text, ...tls }, received, alert: undefined };
  const more = furtherAnswers(received.rest, "GET").map(httpAnswer);
  const answer = { ...httpAnswer(received), ...(more.length > 0 ? { more } : {}), ...tls };
  return { answer, received, alert: undefined };
}

function httpAnswer(received: Extract<Received, { kind: "http" }>): HttpAnswer {
  const { status, headers, body, interim } = received;
  return {
    kind: "http",
    status,
    headers,
    body,
    ...(interim.length > 0 ? { interim } : {}),
    ...(status === 101 ? { tunnel: received.rest.toString("utf8") } : {}),
  };
}
