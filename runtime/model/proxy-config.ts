/** The parts of Istio's ProxyConfig that meshdev acts on, as written (spec traffic 5.2.1). */
export interface ProxyConfig {
  readonly proxyHeaders?: ProxyHeaders;
  /** `proxyMetadata.ISTIO_META_HTTP10` is `1` (spec traffic 1.1.6). */
  readonly http10?: boolean;
}

interface Switch {
  readonly disabled?: boolean;
}

export interface ProxyHeaders {
  readonly server?: Switch & { readonly value?: string };
  readonly requestId?: Switch;
  readonly attemptCount?: Switch;
  readonly envoyDebugHeaders?: Switch;
  readonly forwardedClientCert?: ForwardedClientCert;
  readonly setCurrentClientCertDetails?: Partial<ClientCertDetails>;
  readonly preserveHttp1HeaderCase?: boolean;
  readonly xForwardedHost?: { readonly enabled?: boolean };
  readonly xForwardedPort?: { readonly enabled?: boolean };
}

export type ForwardedClientCert =
  | "UNDEFINED"
  | "SANITIZE"
  | "FORWARD_ONLY"
  | "APPEND_FORWARD"
  | "SANITIZE_SET"
  | "ALWAYS_FORWARD_ONLY";

/** Which parts of the client's certificate `x-forwarded-client-cert` tells. */
export interface ClientCertDetails {
  readonly subject: boolean;
  readonly dns: boolean;
  readonly uri: boolean;
  readonly cert?: boolean;
  readonly chain?: boolean;
}
