import type { Labels, Resource } from "./resource.ts";

/** Istio's traffic API as written in YAML (networking.istio.io/v1), the parts that meshdev acts on. */

export type ClientTlsMode = "DISABLE" | "SIMPLE" | "MUTUAL" | "ISTIO_MUTUAL";

export interface ClientTlsSettings {
  readonly mode?: ClientTlsMode;
  readonly clientCertificate?: string;
  readonly privateKey?: string;
  readonly caCertificates?: string;
  readonly caCrl?: string;
  readonly credentialName?: string;
  readonly subjectAltNames?: readonly string[];
  readonly sni?: string;
  readonly insecureSkipVerify?: boolean;
}

export interface PortSelector {
  readonly number?: number;
}

/** The parts of `connectionPool` that meshdev acts on; zero means unset (spec traffic 3.3.1). */
export interface ConnectionPoolSettings {
  readonly http?: {
    readonly http2MaxRequests?: number;
    readonly h2UpgradePolicy?: "DEFAULT" | "DO_NOT_UPGRADE" | "UPGRADE";
    readonly useClientProtocol?: boolean;
  };
}

export interface PortTrafficPolicy {
  readonly port?: PortSelector;
  readonly tls?: ClientTlsSettings;
  readonly loadBalancer?: unknown;
  readonly connectionPool?: ConnectionPoolSettings;
  readonly outlierDetection?: unknown;
}

export interface TrafficPolicy {
  readonly tls?: ClientTlsSettings;
  readonly loadBalancer?: unknown;
  readonly connectionPool?: ConnectionPoolSettings;
  readonly outlierDetection?: unknown;
  readonly portLevelSettings?: readonly PortTrafficPolicy[];
}

export interface Subset {
  readonly name: string;
  readonly labels?: Labels;
  readonly trafficPolicy?: TrafficPolicy;
}

export interface DestinationRuleSpec {
  readonly host: string;
  readonly trafficPolicy?: TrafficPolicy;
  readonly subsets?: readonly Subset[];
  readonly exportTo?: readonly string[];
  readonly workloadSelector?: { readonly matchLabels?: Labels };
}

/** Exactly one of the three; an empty object is a presence test on headers and query parameters (spec traffic 2.2.1). */
export interface StringMatch {
  readonly exact?: string;
  readonly prefix?: string;
  readonly regex?: string;
}

export interface HttpMatchRequest {
  readonly name?: string;
  readonly uri?: StringMatch;
  readonly ignoreUriCase?: boolean;
  readonly scheme?: StringMatch;
  readonly method?: StringMatch;
  readonly authority?: StringMatch;
  readonly headers?: Readonly<Record<string, StringMatch>>;
  readonly withoutHeaders?: Readonly<Record<string, StringMatch>>;
  readonly queryParams?: Readonly<Record<string, StringMatch>>;
  readonly port?: number;
  readonly sourceLabels?: Labels;
  readonly sourceNamespace?: string;
  readonly gateways?: readonly string[];
  readonly statPrefix?: string;
}

export interface Destination {
  readonly host: string;
  readonly subset?: string;
  readonly port?: PortSelector;
}

export interface HeaderOperations {
  readonly set?: Labels;
  readonly add?: Labels;
  readonly remove?: readonly string[];
}

export interface Headers {
  readonly request?: HeaderOperations;
  readonly response?: HeaderOperations;
}

export interface HttpRouteDestination {
  readonly destination: Destination;
  readonly weight?: number;
  readonly headers?: Headers;
}

export interface HttpRedirect {
  readonly uri?: string;
  readonly prefixRewrite?: string;
  readonly authority?: string;
  readonly port?: number;
  readonly derivePort?: string;
  readonly scheme?: string;
  readonly redirectCode?: number;
}

export interface HttpDirectResponse {
  readonly status: number;
  readonly body?: { readonly string?: string; readonly bytes?: string };
}

export interface HttpRewrite {
  readonly uri?: string;
  readonly authority?: string;
  readonly uriRegexRewrite?: { readonly match?: string; readonly rewrite?: string };
}

export interface HttpFault {
  readonly delay?: {
    readonly fixedDelay?: string;
    readonly percentage?: { readonly value?: number };
    readonly percent?: number;
  };
  readonly abort?: {
    readonly httpStatus?: number;
    readonly grpcStatus?: string;
    readonly percentage?: { readonly value?: number };
  };
}

export interface HttpRetry {
  readonly attempts?: number;
  readonly perTryTimeout?: string;
  readonly retryOn?: string;
  readonly backoff?: string;
  readonly retryIgnorePreviousHosts?: boolean;
  readonly retryRemoteLocalities?: boolean;
}

export interface HttpRoute {
  readonly name?: string;
  readonly match?: readonly HttpMatchRequest[];
  readonly route?: readonly HttpRouteDestination[];
  readonly redirect?: HttpRedirect;
  readonly directResponse?: HttpDirectResponse;
  readonly rewrite?: HttpRewrite;
  readonly timeout?: string;
  readonly retries?: HttpRetry;
  readonly fault?: HttpFault;
  readonly mirror?: unknown;
  readonly mirrors?: unknown;
  readonly corsPolicy?: unknown;
  readonly headers?: Headers;
  readonly delegate?: unknown;
}

export interface L4Match {
  /** `tls[]` only. */
  readonly sniHosts?: readonly string[];
  readonly destinationSubnets?: readonly string[];
  readonly port?: number;
  readonly sourceLabels?: Labels;
  readonly sourceNamespace?: string;
  readonly gateways?: readonly string[];
}

export interface L4Route {
  readonly match?: readonly L4Match[];
  readonly route?: readonly { readonly destination: Destination; readonly weight?: number }[];
}

export interface VirtualServiceSpec {
  readonly hosts?: readonly string[];
  readonly gateways?: readonly string[];
  readonly http?: readonly HttpRoute[];
  readonly tls?: readonly L4Route[];
  readonly tcp?: readonly L4Route[];
  readonly exportTo?: readonly string[];
}

export interface SidecarIngress {
  readonly port?: { readonly number?: number; readonly protocol?: string; readonly name?: string };
  readonly bind?: string;
  /** `127.0.0.1:8080`, `0.0.0.0:8080`, `unix:///path`; absent: the port that was dialled. */
  readonly defaultEndpoint?: string;
  readonly connectionPool?: ConnectionPoolSettings;
}

export interface SidecarSpec {
  readonly workloadSelector?: { readonly labels?: Labels };
  readonly ingress?: readonly SidecarIngress[];
  readonly inboundConnectionPool?: ConnectionPoolSettings;
}

export type Sidecar = Resource<"Sidecar", SidecarSpec>;
export type DestinationRule = Resource<"DestinationRule", DestinationRuleSpec>;
export type VirtualService = Resource<"VirtualService", VirtualServiceSpec>;
