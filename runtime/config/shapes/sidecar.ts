import { enumOf, listOf, mapOf, message, string, strings, uint32 } from "../shape.ts";
import { noStar } from "../shape-rules.ts";
import { connectionPoolSettings } from "./destination-rule.ts";
import { serverTLSSettings } from "./gateway.ts";
import { destination } from "./virtual-service.ts";

export const networkingWorkloadSelector = message("istio.networking.v1alpha3.WorkloadSelector", {
  labels: mapOf({ ...string, maxBytes: 63, rules: [noStar] }, { max: 256 }),
});

const sidecarPort = message("istio.networking.v1alpha3.SidecarPort", {
  number: uint32,
  protocol: string,
  name: string,
  targetPort: uint32,
});

const istioIngressListener = message(
  "istio.networking.v1alpha3.IstioIngressListener",
  {
    port: sidecarPort,
    bind: string,
    captureMode: enumOf("istio.networking.v1alpha3.CaptureMode", ["DEFAULT", "IPTABLES", "NONE"]),
    defaultEndpoint: string,
    tls: serverTLSSettings,
    connectionPool: connectionPoolSettings,
  },
  { required: ["port"] },
);

const istioEgressListener = message(
  "istio.networking.v1alpha3.IstioEgressListener",
  {
    port: sidecarPort,
    bind: string,
    captureMode: enumOf("istio.networking.v1alpha3.CaptureMode", ["DEFAULT", "IPTABLES", "NONE"]),
    hosts: strings,
  },
  { required: ["hosts"] },
);

const outboundTrafficPolicy = message("istio.networking.v1alpha3.OutboundTrafficPolicy", {
  mode: enumOf("istio.networking.v1alpha3.OutboundTrafficPolicy.Mode", ["REGISTRY_ONLY", "ALLOW_ANY"]),
  egressProxy: destination,
});

export const sidecar = message("istio.networking.v1alpha3.Sidecar", {
  workloadSelector: networkingWorkloadSelector,
  ingress: listOf(istioIngressListener),
  egress: listOf(istioEgressListener),
  inboundConnectionPool: connectionPoolSettings,
  outboundTrafficPolicy: outboundTrafficPolicy,
});
