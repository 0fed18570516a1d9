import type { TlsMaterial } from "./credential.ts";
import type { HeaderOperations } from "./istio-networking.ts";
import type { JwtProvider } from "./jwt.ts";
import type { MeshConfig, PortProtocol } from "./mesh.ts";
import type { PolicySet } from "./policy.ts";
import type { ClientCertDetails, ForwardedClientCert } from "./proxy-config.ts";
import type { Provenance } from "./resource.ts";

/** A workload's id names its proxy. */
export type ProxyId = string;

/** All that one sidecar obeys. Plain data, immutable, with a content hash per section: an equal hash means nothing to bind again. */
export interface ProxySnapshot {
  readonly proxy: ProxyId;
  readonly workload: { readonly name: string; readonly namespace: string; readonly address: string };
  /** `spiffe://…`, what the sidecar's SVID must say. */
  readonly identity: string;
  readonly trust: TrustSection;
  readonly inbound: InboundSection;
  readonly outbound: OutboundSection;
  readonly hashes: { readonly trust: string; readonly inbound: string; readonly outbound: string };
}

export interface TrustSection {
  /** Trust domains a client certificate may come from (spec ID-6). */
  readonly trustDomains: readonly string[];
  readonly minProtocolVersion: MeshConfig["minProtocolVersion"];
  readonly pathNormalization: MeshConfig["pathNormalization"];
}

/** What one side of a sidecar does to every HTTP message, whatever its route: ProxyConfig's `proxyHeaders`, and PILOT_HTTP10. */
export interface HttpOptions {
  /** Value of `server` in answers; undefined: the application's own stays, and answers of the proxy have none. */
  readonly server: string | undefined;
  /** Whether a request without `x-request-id` gets one. */
  readonly requestId: boolean;
  /** Whether `x-envoy-attempt-count` numbers the tries. */
  readonly attemptCount: boolean;
  /** Whether the router adds `x-envoy-*` headers of its own: service time, expected timeout, original path and host, overloaded. */
  readonly debugHeaders: boolean;
  readonly forwardedClientCert: Exclude<ForwardedClientCert, "UNDEFINED">;
  readonly clientCertDetails: ClientCertDetails;
  /** Whether `x-forwarded-port` and `-host` are added. */
  readonly forwardedPort: boolean;
  readonly forwardedHost: boolean;
  /** Whether HTTP/1.0 counts as HTTP. */
  readonly http10: boolean;
}

// ---- inbound -------------------------------------------------------------------------------------------------

export interface InboundSection {
  readonly listeners: readonly InboundListener[];
  /** Ports that no service and no policy names (spec PA-17); its `port` is 0. */
  readonly passthrough: InboundListener;
  readonly http: PolicySet;
  readonly tcp: PolicySet;
  /** Rules of all RequestAuthentications that apply, sorted by issuer; HTTP chains obey them (spec RA-1, RA-3). */
  readonly jwt: readonly JwtProvider[];
  readonly options: HttpOptions;
}

/** HTTP version of the connections to an application or endpoint; `downstream`: the version that the request came in (spec traffic 1.1.7). */
export type UpstreamHttp = "http1" | "http2" | "downstream";

export type EffectiveMtlsMode = "DISABLE" | "PERMISSIVE" | "STRICT";

export interface InboundListener {
  /** Workload port. */
  readonly port: number;
  readonly protocol: "http" | "tcp" | "auto";
  readonly mode: EffectiveMtlsMode;
  /** What made the mode what it is; empty when nothing is configured. */
  readonly because: readonly Provenance[];
  /** In order of precedence; the first that matches takes the connection, none means it is closed (spec PA-13…PA-16). */
  readonly chains: readonly FilterChain[];
  /** `inbound|8080||`, or `InboundPassthroughCluster`. */
  readonly cluster: string;
  /** HTTP version towards the own application. */
  readonly http: UpstreamHttp;
  /** Port of the application behind it; undefined: the one that was dialled; 0: none that can be reached. */
  readonly appPort: number | undefined;
  /** Requests that may be under way to the application at once; undefined: any number (spec traffic 3.3.3, 3.3.12). */
  readonly maxRequests: number | undefined;
  /** `inbound|http|8080` */
  readonly virtualHost: string;
  /** What `x-envoy-decorator-operation` tells callers that sent none, `<fqdn>:<port>/*` (spec traffic 5.1, errata C17). */
  readonly decorator?: string;
}

export interface FilterChain {
  readonly name: string;
  readonly transport: "tls" | "raw";
  /** ALPN offered by the client, or what sniffing found (`http/1.1`, `h2c`); absent means any. */
  readonly applicationProtocols: readonly string[] | undefined;
  /** Whether this sidecar ends the TLS; false passes the bytes on untouched. */
  readonly terminates: boolean;
  readonly network: "http" | "tcp";
}

/** What was seen of a connection before a chain is chosen: the ClientHello's ALPN, or what sniffing found. */
export interface ConnectionSeen {
  readonly transport: FilterChain["transport"];
  readonly protocols: readonly string[];
}

// ---- outbound ------------------------------------------------------------------------------------------------

export interface OutboundSection {
  readonly mode: "ALLOW_ANY" | "REGISTRY_ONLY";
  readonly listeners: readonly OutboundListener[];
  readonly routes: Readonly<Record<string, RouteTable>>;
  readonly clusters: Readonly<Record<string, Cluster>>;
  /** Where `VIP:port` leads of services that are not exported to this client; absent: there are none. */
  readonly hidden?: Readonly<Record<string, Cluster>>;
  readonly options: HttpOptions;
}

export interface OutboundListener {
  /** VIP, or `0.0.0.0` for the listener that all HTTP services of a port share. */
  readonly address: string;
  readonly port: number;
  /** `http`: HTTP goes to the route table, everything else to `fallback`; `auto` likewise; `tcp`: all to `fallback`. */
  readonly protocol: "http" | "tcp" | "auto";
  readonly routes: string | undefined;
  /** Cluster of the TCP chain; undefined: PassthroughCluster or BlackHoleCluster by `mode`. */
  readonly fallback: string | undefined;
  /** What VirtualServices say of bytes that are not HTTP; undefined: nothing, all go to `fallback`. */
  readonly tcp: TcpRoutes | undefined;
}

export interface TcpRoutes {
  readonly routes: readonly TcpRoute[];
  /** Whether what no route takes goes to `fallback`; otherwise it is treated like what no service claims (errata traffic A8). */
  readonly hasFallback: boolean;
}

/** A `tcp[]` or `tls[]` rule of a VirtualService (spec traffic 2.14). */
export interface TcpRoute {
  /** SNI, lower case, or `*.suffix`; undefined: any, and connections without TLS. */
  readonly serverNames: readonly string[] | undefined;
  /** Ranges of the address that was dialled; undefined: any. */
  readonly subnets: readonly string[] | undefined;
  /** Several are drawn by weight; one is taken whatever its weight. */
  readonly clusters: readonly { readonly cluster: string; readonly weight: number }[];
  readonly provenance: Provenance;
}

export interface RouteTable {
  readonly name: string;
  readonly virtualHosts: readonly VirtualHost[];
}

export interface VirtualHost {
  readonly name: string;
  /** Lower case, without ports; `*`, `*.foo`, exact. The port in Host is ignored (spec traffic 1.5.2). */
  readonly domains: readonly string[];
  readonly routes: readonly Route[];
}

export interface Route {
  readonly name: string;
  readonly match: RouteMatch;
  readonly action: RouteAction;
  readonly rewrite: RouteRewrite | undefined;
  /** Milliseconds; undefined: no limit. */
  readonly timeoutMs: number | undefined;
  readonly retry: RetryPolicy | undefined;
  readonly fault: FaultPolicy | undefined;
  readonly headers: RouteHeaders;
  /** `x-envoy-decorator-operation`; undefined: none. */
  readonly decorator: string | undefined;
  /** The VirtualService route it comes from; undefined for defaults. */
  readonly provenance: Provenance | undefined;
}

export type StringMatcher =
  | { readonly kind: "exact"; readonly value: string; readonly ignoreCase?: boolean }
  | { readonly kind: "prefix"; readonly value: string; readonly ignoreCase?: boolean }
  | { readonly kind: "regex"; readonly source: string }
  | { readonly kind: "present" };

export interface RouteMatch {
  /** Path without query and fragment; undefined: any. */
  readonly path: StringMatcher | undefined;
  readonly method: StringMatcher | undefined;
  readonly authority: StringMatcher | undefined;
  readonly scheme: StringMatcher | undefined;
  readonly headers: readonly HeaderMatch[];
  readonly queryParams: readonly { readonly name: string; readonly match: StringMatcher }[];
}

export interface HeaderMatch {
  /** Lower case. */
  readonly name: string;
  readonly match: StringMatcher;
  /** `withoutHeaders` (spec traffic 2.2.5). */
  readonly inverted: boolean;
}

export type RouteAction =
  /** `weighted`: the rule lists several destinations; header operations of the destination then run first (spec traffic 2.7.2). */
  | { readonly kind: "clusters"; readonly weighted: boolean; readonly clusters: readonly WeightedCluster[] }
  | { readonly kind: "direct"; readonly status: number; readonly body: string | undefined }
  | {
      readonly kind: "redirect";
      readonly status: number;
      readonly scheme: string | undefined;
      readonly host: string | undefined;
      readonly port: number | undefined;
      readonly path: string | undefined;
      readonly prefixRewrite: string | undefined;
    };

export interface WeightedCluster {
  readonly cluster: string;
  readonly weight: number;
  readonly headers: RouteHeaders;
  readonly hostRewrite: string | undefined;
}

export interface RouteRewrite {
  /** Replaces the matched prefix, or the whole path after an exact or regex match (spec traffic 2.6.1). */
  readonly path: string | undefined;
  readonly regex: { readonly source: string; readonly substitution: string } | undefined;
  readonly host: string | undefined;
}

export interface RouteHeaders {
  readonly request: HeaderOperations | undefined;
  readonly response: HeaderOperations | undefined;
}

export interface RetryPolicy {
  /** Retries after the first try. */
  readonly attempts: number;
  readonly on: readonly string[];
  readonly statuses: readonly number[];
  readonly perTryTimeoutMs: number | undefined;
  readonly backoffMs: number;
}

/** Percentages are parts of a million (spec traffic 2.10.2). */
export interface FaultPolicy {
  readonly delay: { readonly ms: number; readonly millionths: number } | undefined;
  readonly abort:
    | { readonly status: number; readonly grpcStatus: number | undefined; readonly millionths: number }
    | undefined;
}

export interface Cluster {
  /** `outbound|8080||backend.default.svc.cluster.local` */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly subset: string;
  readonly protocol: PortProtocol;
  readonly http: UpstreamHttp;
  /** Headless services go to the address that the caller dialled. */
  readonly discovery: "endpoints" | "original-destination";
  readonly endpoints: readonly Endpoint[];
  readonly tls: ClusterTls;
  readonly connectTimeoutMs: number;
  /** Requests that may be under way to it at once; undefined: any number (spec traffic 3.3.3). */
  readonly maxRequests: number | undefined;
  /** What chose the TLS mode: the DestinationRule's field, or the PeerAuthentication behind auto mTLS. */
  readonly because: readonly Provenance[];
}

export interface Endpoint {
  readonly workload: ProxyId;
  /** Model address. */
  readonly address: string;
  readonly port: number;
  readonly ready: boolean;
  /** Marked `tlsMode=istio` (spec CT-16): auto mTLS uses TLS to it. */
  readonly mtls: boolean;
}

/** `auto` encrypts to the endpoints that are marked, `istio` to all (spec §3). */
export type ClusterTls =
  | { readonly mode: "none" }
  | { readonly mode: "auto" | "istio"; readonly sni: string; readonly subjectAltNames: readonly string[] }
  | {
      readonly mode: "simple" | "mutual";
      /** Undefined: the request's Host (spec CT-9). */
      readonly sni: string | undefined;
      readonly subjectAltNames: readonly string[];
      /** PEM file; undefined: the system's trust store. */
      readonly caFile: string | undefined;
      readonly certFile: string | undefined;
      readonly keyFile: string | undefined;
      /** Revoked certificates; a chain of which some issuer has no list is refused too. Absent: none are. */
      readonly crlFile?: string;
      /** Texts instead of all files. */
      readonly secret?: TlsMaterial;
      readonly skipVerify: boolean;
    }
  /** The rule wants a secret that this sidecar does not get: no connection is made. */
  | { readonly mode: "withheld"; readonly reason: string };
