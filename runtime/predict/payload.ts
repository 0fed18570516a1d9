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

/** What a caller puts on a connection: bytes, or TLS with something inside. */
export type Payload =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  | { readonly kind: "tls"; readonly offer: TlsOffer; readonly inner: Payload };

export interface TlsSession {
  readonly version: number;
  readonly alpn: string | undefined;
  readonly server: CertificateClaim;
  /** A session that the caller's own TLS has inside this one. */
  readonly inside?: TlsSession;
}

/** What the caller gets back. */
export type Answer =
  | {
      readonly kind: "http";
      readonly status: number;
      /** Lower-case names. */
      readonly headers: readonly (readonly [name: string, value: string])[];
      readonly body: string;
      readonly tls?: TlsSession;
    }
  /** Raw bytes of a program that does not speak HTTP. */
  | { readonly kind: "bytes"; readonly text: string; readonly tls?: TlsSession }
  /** Closed without a byte; `reset`: before what was sent had been read. */
  | { readonly kind: "closed"; readonly reset?: true; readonly tls?: TlsSession }
  /** Nothing ever comes. */
  | { readonly kind: "hang" }
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
