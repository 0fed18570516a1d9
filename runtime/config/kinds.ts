import { any, type Shape } from "./shape.ts";
import { serviceShape } from "./shapes-kubernetes.ts";
import { destinationRuleShape, sidecarShape, virtualServiceShape } from "./shapes-networking.ts";
import { authorizationPolicyShape, peerAuthenticationShape, requestAuthenticationShape } from "./shapes-security.ts";

export interface KindEntry {
  readonly group: string;
  readonly versions: readonly string[];
  readonly namespaced: boolean;
  /** Shape of `spec`; undefined: the kind has none, or it is not looked at. */
  readonly spec: Shape | undefined;
}

const networking = ["v1", "v1beta1", "v1alpha3"];
const security = ["v1", "v1beta1"];

/** Every kind that meshdev reads or knows by name. Kinds of other groups pass through uninterpreted. */
export const kinds: Readonly<Record<string, KindEntry>> = {
  PeerAuthentication: {
    group: "security.istio.io",
    versions: security,
    namespaced: true,
    spec: peerAuthenticationShape,
  },
  AuthorizationPolicy: {
    group: "security.istio.io",
    versions: security,
    namespaced: true,
    spec: authorizationPolicyShape,
  },
  RequestAuthentication: {
    group: "security.istio.io",
    versions: security,
    namespaced: true,
    spec: requestAuthenticationShape,
  },
  DestinationRule: { group: "networking.istio.io", versions: networking, namespaced: true, spec: destinationRuleShape },
  VirtualService: { group: "networking.istio.io", versions: networking, namespaced: true, spec: virtualServiceShape },
  Gateway: { group: "networking.istio.io", versions: networking, namespaced: true, spec: any },
  ServiceEntry: { group: "networking.istio.io", versions: networking, namespaced: true, spec: any },
  Sidecar: { group: "networking.istio.io", versions: networking, namespaced: true, spec: sidecarShape },
  WorkloadEntry: { group: "networking.istio.io", versions: networking, namespaced: true, spec: any },
  WorkloadGroup: { group: "networking.istio.io", versions: networking, namespaced: true, spec: any },
  EnvoyFilter: { group: "networking.istio.io", versions: ["v1alpha3"], namespaced: true, spec: any },
  ProxyConfig: { group: "networking.istio.io", versions: ["v1beta1"], namespaced: true, spec: any },
  Telemetry: { group: "telemetry.istio.io", versions: ["v1", "v1alpha1"], namespaced: true, spec: any },
  WasmPlugin: { group: "extensions.istio.io", versions: ["v1alpha1"], namespaced: true, spec: any },
  TrafficExtension: { group: "extensions.istio.io", versions: ["v1alpha1"], namespaced: true, spec: any },
  Namespace: { group: "", versions: ["v1"], namespaced: false, spec: undefined },
  Service: { group: "", versions: ["v1"], namespaced: true, spec: serviceShape },
  ServiceAccount: { group: "", versions: ["v1"], namespaced: true, spec: undefined },
};

export const istioGroups: readonly string[] = [
  "security.istio.io",
  "networking.istio.io",
  "telemetry.istio.io",
  "extensions.istio.io",
];
