import type { Http2Fields } from "../wire/http2/fields.ts";

/** A certificate as far as a handshake and a policy care. */
export interface CertificateClaim {
  readonly uriSans: readonly string[];
  readonly dnsSans: readonly string[];
  readonly subject: string;
  /** Name of the CA behind it: `mesh` is the mesh's own. */
  readonly issuer: string;
  readonly expired: boolean;
  /** Lower-case hex SHA-256. */
  readonly hash: string;
}

/** Version numbers of TLS, times ten: 12 is TLS 1.2. */
export interface TlsOffer {
  readonly alpn: readonly string[];
  /** As in the ClientHello. */
  readonly sni: string | undefined;
  readonly certificate: CertificateClaim | undefined;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** The client's judgement of the server's certificate; undefined: accepted, else Envoy's text of the failure. */
  readonly judge: (server: CertificateClaim) => string | undefined;
}

/** What a caller puts on a connection: bytes, one HTTP/2 request, or TLS with something inside. */
export type Payload =
  | BytesPayload
  | Http2Payload
  | { readonly kind: "tls"; readonly offer: TlsOffer; readonly inner: Payload };

export interface BytesPayload {
  readonly kind: "bytes";
  readonly bytes: Buffer;
  /** After how many milliseconds without an answer the caller breaks off; undefined: it waits. */
  readonly patienceMs?: number;
}

export interface Http2Payload {
  readonly kind: "h2";
  readonly fields: Http2Fields;
  readonly body: Buffer;
  /** The request ended; otherwise more of the body was due. */
  readonly whole: boolean;
  readonly patienceMs?: number;
}

export interface TlsSession {
  readonly version: number;
  readonly alpn: string | undefined;
  readonly server: CertificateClaim;
  /** A session that the caller's own TLS has inside this one. */
  readonly inside?: TlsSession;
}

type HeaderLines = readonly (readonly [name: string, value: string])[];

export interface HttpAnswer {
  readonly kind: "http";
  readonly status: number;
  /** Lower-case names. */
  readonly headers: HeaderLines;
  readonly body: string;
  readonly trailers?: HeaderLines;
  /** Heads before the answer: 100, 103. */
  readonly interim?: readonly number[];
  /** The connection is closed after it. */
  readonly close?: true;
  /** Milliseconds until it comes. */
  readonly delayMs?: number;
  /** What came back after a 101. */
  readonly tunnel?: string;
  /** Answers to further requests on the same connection. */
  readonly more?: readonly HttpAnswer[];
  readonly tls?: TlsSession;
}

/** What the caller gets back. */
export type Answer =
  | HttpAnswer
  /** Raw bytes of a program that does not speak HTTP. */
  | { readonly kind: "bytes"; readonly text: string; readonly tls?: TlsSession }
  /** Closed without a byte; `reset`: before what was sent had been read. */
  | { readonly kind: "closed"; readonly reset?: true; readonly tls?: TlsSession }
  /** Nothing ever comes. */
  | { readonly kind: "hang"; readonly tls?: TlsSession }
  | { readonly kind: "refused" }
  | TlsFailure;

export interface TlsFailure {
  readonly kind: "tls-failed";
  /** The client's own judgement, an alert of the server, or an answer that is not TLS. */
  readonly by: "client" | "server" | "garbage";
  /** The server's alert. */
  readonly alert: string | undefined;
  /** The client's handshake was over when the refusal came, as in TLS 1.3. */
  readonly late: boolean;
  /** Envoy's text on the client's side. */
  readonly text: string;
  readonly session: TlsSession | undefined;
}
