/** External authorization (spec security CU): what a CUSTOM policy's provider is, and what came of asking it. */

/** A provider of meshConfig.extensionProviders. */
export interface ExtensionProvider {
  readonly name: string;
  /** Why nobody can ask it (spec VA-43): what its policies match is refused. */
  readonly faults: readonly string[];
  /** Undefined: it is no external authorizer, or its settings cannot be used. */
  readonly settings: ExtAuthzSettings | undefined;
}

export interface ExtAuthzSettings {
  /** Full host name, or `namespace/host`. */
  readonly service: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** Whether a request passes that could not be asked about. */
  readonly failOpen: boolean;
  /** Status of the answer when it may not pass. */
  readonly statusOnError: number;
  /** Undefined: the provider sees no body. */
  readonly body: BodyInCheck | undefined;
  /** Undefined: it speaks gRPC. */
  readonly http: HttpCheckSettings | undefined;
}

export interface BodyInCheck {
  readonly maxBytes: number;
  /** A longer body is cut; otherwise it is refused with 413. */
  readonly allowPartial: boolean;
  /** gRPC: `raw_body`, not text. */
  readonly asBytes: boolean;
}

/** Header names with a star at one end, as written. */
type HeaderPatterns = readonly string[];

export interface HttpCheckSettings {
  /** Stands before the path of the check; empty: nothing. */
  readonly pathPrefix: string;
  readonly requestHeaders: HeaderPatterns;
  /** Sorted by name. */
  readonly additionalHeaders: readonly (readonly [name: string, value: string])[];
  readonly toUpstreamOnAllow: HeaderPatterns;
  readonly toDownstreamOnAllow: HeaderPatterns;
  /** Empty: all. */
  readonly toDownstreamOnDeny: HeaderPatterns;
}

/** A provider as one proxy asks it. */
export interface ExtAuthzProvider extends ExtAuthzSettings {
  readonly name: string;
  /** `outbound|8000||ext-authz.istio-system.svc.cluster.local` */
  readonly cluster: string;
  readonly host: string;
}

/** A request as a sidecar's filters see it: with what the entry changed, and what earlier providers did. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly scheme: string;
  /** Names lower case, no pseudo headers. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Headers that a provider set or removed. */
  readonly changed: ReadonlySet<string>;
}

/** One question to a provider, as events tell it. Field names are a published contract. */
export interface ExtAuthzCall {
  readonly provider: string;
  readonly protocol: "http" | "grpc";
  readonly cluster: string;
  /** Address of the server that was asked; null: none was reached. */
  readonly endpoint: string | null;
  /** The CUSTOM rule that made the proxy ask. */
  readonly rule: string;
  /** `failed-open`: it could not be asked, and the request passed all the same. */
  readonly result: "allowed" | "denied" | "error" | "failed-open";
  /** HTTP status of its answer, or gRPC status; null: none came. */
  readonly status: number | null;
  /** Milliseconds. */
  readonly ms: number;
  /** What it changed in the request and in the answer: names of headers, `:path` among them. */
  readonly requestHeaders: readonly string[];
  readonly responseHeaders: readonly string[];
  /** What went wrong; null: nothing. */
  readonly error: string | null;
}
