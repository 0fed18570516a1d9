import type { Shape } from "./shape.ts";
import { serviceShape } from "./shapes-kubernetes.ts";
import { authorizationPolicy } from "./shapes/authorization-policy.ts";
import { destinationRule } from "./shapes/destination-rule.ts";
import { envoyFilter } from "./shapes/envoy-filter.ts";
import { gateway } from "./shapes/gateway.ts";
import { peerAuthentication } from "./shapes/peer-authentication.ts";
import { proxyConfig } from "./shapes/proxy-config.ts";
import { requestAuthentication } from "./shapes/request-authentication.ts";
import { serviceEntry } from "./shapes/service-entry.ts";
import { sidecar } from "./shapes/sidecar.ts";
import { telemetry } from "./shapes/telemetry.ts";
import { trafficExtension } from "./shapes/traffic-extension.ts";
import { virtualService } from "./shapes/virtual-service.ts";
import {
  daemonSetShape,
  deploymentShape,
  jobShape,
  podShape,
  replicaSetShape,
  statefulSetShape,
} from "./shapes-workloads.ts";
import { wasmPlugin } from "./shapes/wasm-plugin.ts";
import { workloadEntry } from "./shapes/workload-entry.ts";
import { workloadGroup } from "./shapes/workload-group.ts";

export interface KindEntry {
  readonly group: string;
  readonly versions: readonly string[];
  readonly namespaced: boolean;
  /** Shape of `spec`; undefined: the kind has none, or it is not looked at. */
  readonly spec: Shape | undefined;
  /** The schema requires `spec`. */
  readonly needsSpec?: true;
}

const networking = ["v1", "v1beta1", "v1alpha3"];
const security = ["v1", "v1beta1"];

/** Every kind that meshdev reads or knows by name. Kinds of other groups pass through uninterpreted. */
export const kinds: Readonly<Record<string, KindEntry>> = {
  PeerAuthentication: {
    group: "security.istio.io",
    versions: security,
    namespaced: true,
    spec: peerAuthentication,
  },
  AuthorizationPolicy: {
    group: "security.istio.io",
    versions: security,
    namespaced: true,
    spec: authorizationPolicy,
  },
  RequestAuthentication: {
    group: "security.istio.io",
    versions: security,
    namespaced: true,
    spec: requestAuthentication,
  },
  DestinationRule: { group: "networking.istio.io", versions: networking, namespaced: true, spec: destinationRule },
  VirtualService: { group: "networking.istio.io", versions: networking, namespaced: true, spec: virtualService },
  Gateway: { group: "networking.istio.io", versions: networking, namespaced: true, spec: gateway },
  ServiceEntry: {
    group: "networking.istio.io",
    versions: networking,
    namespaced: true,
    spec: serviceEntry,
    needsSpec: true,
  },
  Sidecar: { group: "networking.istio.io", versions: networking, namespaced: true, spec: sidecar },
  WorkloadEntry: {
    group: "networking.istio.io",
    versions: networking,
    namespaced: true,
    spec: workloadEntry,
    needsSpec: true,
  },
  WorkloadGroup: {
    group: "networking.istio.io",
    versions: networking,
    namespaced: true,
    spec: workloadGroup,
    needsSpec: true,
  },
  EnvoyFilter: { group: "networking.istio.io", versions: ["v1alpha3"], namespaced: true, spec: envoyFilter },
  ProxyConfig: { group: "networking.istio.io", versions: ["v1beta1"], namespaced: true, spec: proxyConfig },
  Telemetry: { group: "telemetry.istio.io", versions: ["v1", "v1alpha1"], namespaced: true, spec: telemetry },
  WasmPlugin: {
    group: "extensions.istio.io",
    versions: ["v1alpha1"],
    namespaced: true,
    spec: wasmPlugin,
    needsSpec: true,
  },
  TrafficExtension: {
    group: "extensions.istio.io",
    versions: ["v1alpha1"],
    namespaced: true,
    spec: trafficExtension,
    needsSpec: true,
  },
  Namespace: { group: "", versions: ["v1"], namespaced: false, spec: undefined },
  Service: { group: "", versions: ["v1"], namespaced: true, spec: serviceShape },
  ServiceAccount: { group: "", versions: ["v1"], namespaced: true, spec: undefined },
  Pod: { group: "", versions: ["v1"], namespaced: true, spec: podShape, needsSpec: true },
  Deployment: { group: "apps", versions: ["v1"], namespaced: true, spec: deploymentShape, needsSpec: true },
  ReplicaSet: { group: "apps", versions: ["v1"], namespaced: true, spec: replicaSetShape, needsSpec: true },
  StatefulSet: { group: "apps", versions: ["v1"], namespaced: true, spec: statefulSetShape, needsSpec: true },
  DaemonSet: { group: "apps", versions: ["v1"], namespaced: true, spec: daemonSetShape, needsSpec: true },
  Job: { group: "batch", versions: ["v1"], namespaced: true, spec: jobShape, needsSpec: true },
};

export const istioGroups: readonly string[] = [
  "security.istio.io",
  "networking.istio.io",
  "telemetry.istio.io",
  "extensions.istio.io",
];
