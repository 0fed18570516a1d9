import type { SourcePosition } from "../core/source.ts";
import type { Container, NeedCondition } from "./container.ts";
import type { AuthorizationPolicy, PeerAuthentication } from "./istio-security.ts";
import type { Credentials } from "./credential.ts";
import type { ExtensionProvider } from "./ext-authz.ts";
import type { DestinationRule, HttpRetry, Sidecar, VirtualService } from "./istio-networking.ts";
import type { ProxyConfig } from "./proxy-config.ts";
import type { Labels, Resource } from "./resource.ts";

/** Everything the files mean, resolved: nothing here is optional because a user may omit it (that ends at `resolve`). */
export interface Mesh {
  /** Name of the project: its folder, or `name:` of the project file. */
  readonly name: string;
  readonly config: MeshConfig;
  /** istiod's environment switches (`features:`), as strings. */
  readonly features: Labels;
  readonly namespaces: readonly Namespace[];
  readonly workloads: readonly Workload[];
  readonly services: readonly Service[];
  readonly policies: MeshPolicies;
  readonly credentials: Credentials;
  /** Documents of other kinds: counted and shown, not enforced. */
  readonly others: readonly Resource[];
}

/** Accepted resources by kind, each list oldest first (`byAge`). */
export interface MeshPolicies {
  readonly peerAuthentications: readonly PeerAuthentication[];
  readonly authorizationPolicies: readonly AuthorizationPolicy[];
  readonly destinationRules: readonly DestinationRule[];
  readonly virtualServices: readonly VirtualService[];
  readonly sidecars: readonly Sidecar[];
}

export type PathNormalization = "NONE" | "BASE" | "MERGE_SLASHES" | "DECODE_AND_MERGE_SLASHES";

/** The MeshConfig fields meshdev acts on, defaults filled in (spec §0.2, traffic introduction). */
export interface MeshConfig {
  readonly rootNamespace: string;
  readonly trustDomain: string;
  readonly trustDomainAliases: readonly string[];
  readonly enableAutoMtls: boolean;
  readonly outboundTrafficPolicy: "ALLOW_ANY" | "REGISTRY_ONLY";
  readonly pathNormalization: PathNormalization;
  readonly minProtocolVersion: "TLSV1_2" | "TLSV1_3";
  /** Whether clients speak HTTP/2 to every port that is declared as HTTP (spec traffic 1.1.7). */
  readonly h2UpgradePolicy: "DO_NOT_UPGRADE" | "UPGRADE";
  readonly defaultServiceExportTo: readonly string[];
  readonly defaultVirtualServiceExportTo: readonly string[];
  readonly defaultDestinationRuleExportTo: readonly string[];
  /** What every sidecar obeys unless its workload says otherwise. */
  readonly defaultConfig: ProxyConfig;
  /** `defaultHttpRetryPolicy` as written; undefined means Istio's default (spec traffic 2.9.1). */
  readonly defaultHttpRetryPolicy: HttpRetry | undefined;
  /** Whom CUSTOM policies may name. */
  readonly extensionProviders: readonly ExtensionProvider[];
  /** Every MeshConfig field as the user wrote it, for what later versions read. */
  readonly raw: Readonly<Record<string, unknown>>;
}

export interface Namespace {
  readonly name: string;
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** `frontend-1`: what a pod is in Kubernetes. Unique in the mesh together with its namespace; `id` is unique alone. */
export interface Workload {
  /** `frontend-1` in `default`, `frontend-1.shop` elsewhere; never contains a slash. */
  readonly id: string;
  /** The key in the project file that it comes from: `frontend`. */
  readonly service: string;
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Set only when it differs from the mesh's (a workload of a foreign trust domain in tests). */
  readonly trustDomain: string | undefined;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** From the annotation `proxy.istio.io/config`; what it says replaces the mesh's. */
  readonly proxyConfig?: ProxyConfig;
  readonly sidecar: boolean;
  /** Model address, `10.244.a.b`. */
  readonly address: string;
  /** What to run; undefined for workloads that something else runs (conformance cases, leases). */
  readonly program: Program | undefined;
  /** Ports of the application: targets of the services that select it, plus those declared here. */
  readonly ports: readonly WorkloadPort[];
  /** Host ports on 127.0.0.1 and ::1 that lead to the inbound sidecar. */
  readonly publish: readonly { readonly hostPort: number; readonly port: number }[];
  readonly at: SourcePosition | undefined;
}

export interface WorkloadPort {
  readonly name: string;
  readonly port: number;
}

export type Program = ProcessProgram | ContainerProgram;

interface AnyProgram {
  readonly env: Labels;
  /** Keys of services that must be ready first, unless `conditions` says otherwise. */
  readonly needs: readonly string[];
  readonly conditions?: Readonly<Record<string, NeedCondition>>;
  readonly ready: ReadyProbe;
  /** What is done after its end; undefined: always, for jobs when it fails. */
  readonly restart?: RestartPolicy;
  /** Source files; undefined: none. */
  readonly watch?: WatchRule;
  /** Milliseconds between the request to end and the end; absent: the runner's default. */
  readonly stopGraceMs?: number;
}

/** A process of the machine. */
export interface ProcessProgram extends AnyProgram {
  /** A string runs by `sh -c`, a list is executed as it is. */
  readonly command: string | readonly string[];
  /** Absolute working directory. */
  readonly cwd: string;
  readonly container?: undefined;
}

export interface ContainerProgram extends AnyProgram {
  readonly container: Container;
  readonly command?: undefined;
  readonly cwd?: undefined;
}

export interface RestartPolicy {
  readonly when: "always" | "failure" | "never";
  /** Failures in a row after which it stays down. */
  readonly most?: number;
}

/** Files whose change starts a program again. */
export interface WatchRule {
  /** Absolute folder that the globs are relative to. */
  readonly directory: string;
  readonly paths: readonly string[];
  readonly ignore: readonly string[];
  readonly debounceMs: number;
}

/** `ports`: every declared port accepts. `spawn`: started is ready (jobs). */
export type ReadyProbe =
  | { readonly kind: "ports" }
  | { readonly kind: "spawn" }
  /** The container's health check succeeds. */
  | { readonly kind: "healthcheck" }
  | { readonly kind: "http"; readonly path: string; readonly port: number; readonly everyMs: number };

/** Application protocol of a service port (spec traffic 1.1.4). `auto` is sniffed, `udp` never proxied. */
export type PortProtocol =
  | "http"
  | "http2"
  | "grpc"
  | "grpc-web"
  | "tcp"
  | "tls"
  | "https"
  | "mongo"
  | "redis"
  | "mysql"
  | "udp"
  | "auto";

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  /** Port of the workload behind it. */
  readonly target: number;
  readonly protocol: PortProtocol;
}

export interface Service {
  readonly name: string;
  readonly namespace: string;
  /** `<name>.<namespace>.svc.cluster.local` */
  readonly hostname: string;
  /** VIP `10.96.x.y`; `None` for a headless service. */
  readonly address: string;
  readonly externalName: string | undefined;
  readonly ports: readonly ServicePort[];
  readonly selector: Labels;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly createdAt?: number;
}

/** What compile needs to know of the running world. */
export interface World {
  /** Ids of workloads that may get traffic. */
  readonly ready: ReadonlySet<string>;
  /** JWK sets that were fetched, by the URL that rules name (or discover them at); absent: none. */
  readonly keySets?: ReadonlyMap<string, string>;
}
