import {
  anyDuration,
  boolean,
  duration,
  enumOf,
  int32,
  listOf,
  mapOf,
  message,
  number,
  string,
  stringMap,
  strings,
  uint32,
  uint64,
} from "../shape.ts";
import { typeWorkloadSelector } from "./selector.ts";
import { networkingPortSelector } from "./virtual-service.ts";

const attribute = message(
  "istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.HTTPCookie.Attribute",
  {
    name: string,
    value: string,
  },
  { required: ["name"] },
);

const httpCookie = message(
  "istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.HTTPCookie",
  {
    name: string,
    path: string,
    ttl: anyDuration,
    attributes: listOf(attribute),
  },
  { required: ["name"] },
);

const ringHash = message("istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.RingHash", {
  minimumRingSize: { ...uint64, min: 0 },
});

const magLev = message("istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB.MagLev", {
  tableSize: { ...uint64, min: 0 },
});

const consistentHashLB = message(
  "istio.networking.v1alpha3.LoadBalancerSettings.ConsistentHashLB",
  {
    httpHeaderName: string,
    httpCookie: httpCookie,
    useSourceIp: boolean,
    httpQueryParameterName: string,
    ringHash: ringHash,
    maglev: magLev,
    minimumRingSize: { ...uint64, min: 0 },
  },
  {
    oneOf: [
      ["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"],
      ["ringHash", "maglev"],
    ],
  },
);

const distribute = message("istio.networking.v1alpha3.LocalityLoadBalancerSetting.Distribute", {
  from: string,
  to: mapOf(uint32),
});

const localityLoadBalancerSettingFailover = message("istio.networking.v1alpha3.LocalityLoadBalancerSetting.Failover", {
  from: string,
  to: string,
});

const localityLoadBalancerSetting = message("istio.networking.v1alpha3.LocalityLoadBalancerSetting", {
  distribute: listOf(distribute),
  failover: listOf(localityLoadBalancerSettingFailover),
  failoverPriority: strings,
  enabled: { ...boolean, nullable: true },
});

const zoneAwareLoadBalancerSettingFailover = message(
  "istio.networking.v1alpha3.ZoneAwareLoadBalancerSetting.Failover",
  {
    from: string,
    to: string,
  },
);

const zoneAwareLoadBalancerSetting = message("istio.networking.v1alpha3.ZoneAwareLoadBalancerSetting", {
  enabled: { ...boolean, nullable: true },
  failover: listOf(zoneAwareLoadBalancerSettingFailover),
  failoverPriority: strings,
  minClusterSize: { ...uint32, min: 1, max: 4294967295, nullable: true },
});

const warmupConfiguration = message(
  "istio.networking.v1alpha3.WarmupConfiguration",
  {
    duration: duration,
    minimumPercent: { ...number, min: 0, max: 100, nullable: true },
    aggression: { ...number, min: 0, nullable: true },
  },
  { required: ["duration"] },
);

const loadBalancerSettings = message(
  "istio.networking.v1alpha3.LoadBalancerSettings",
  {
    simple: enumOf("istio.networking.v1alpha3.LoadBalancerSettings.SimpleLB", [
      "UNSPECIFIED",
      "LEAST_CONN",
      "RANDOM",
      "PASSTHROUGH",
      "ROUND_ROBIN",
      "LEAST_REQUEST",
    ]),
    consistentHash: consistentHashLB,
    localityLbSetting: localityLoadBalancerSetting,
    zoneAwareLbSetting: zoneAwareLoadBalancerSetting,
    warmupDurationSecs: duration,
    warmup: warmupConfiguration,
  },
  { oneOf: [["simple", "consistentHash"]] },
);

const tcpKeepalive = message("istio.networking.v1alpha3.ConnectionPoolSettings.TCPSettings.TcpKeepalive", {
  probes: uint32,
  time: duration,
  interval: duration,
});

const tcpSettings = message("istio.networking.v1alpha3.ConnectionPoolSettings.TCPSettings", {
  maxConnections: int32,
  connectTimeout: duration,
  tcpKeepalive: tcpKeepalive,
  maxConnectionDuration: duration,
  idleTimeout: anyDuration,
});

const connectionKeepalive = message(
  "istio.networking.v1alpha3.ConnectionPoolSettings.HTTPSettings.ConnectionKeepalive",
  {
    interval: duration,
    timeout: duration,
  },
);

const httpSettings = message("istio.networking.v1alpha3.ConnectionPoolSettings.HTTPSettings", {
  http1MaxPendingRequests: int32,
  http2MaxRequests: int32,
  maxRequestsPerConnection: int32,
  maxRetries: int32,
  idleTimeout: duration,
  h2UpgradePolicy: enumOf("istio.networking.v1alpha3.ConnectionPoolSettings.HTTPSettings.H2UpgradePolicy", [
    "DEFAULT",
    "DO_NOT_UPGRADE",
    "UPGRADE",
  ]),
  useClientProtocol: boolean,
  maxConcurrentStreams: int32,
  http2KeepAlive: connectionKeepalive,
});

export const connectionPoolSettings = message("istio.networking.v1alpha3.ConnectionPoolSettings", {
  tcp: tcpSettings,
  http: httpSettings,
});

const outlierDetection = message("istio.networking.v1alpha3.OutlierDetection", {
  consecutiveErrors: int32,
  splitExternalLocalOriginErrors: boolean,
  consecutiveLocalOriginFailures: { ...uint32, nullable: true },
  consecutiveGatewayErrors: { ...uint32, nullable: true },
  consecutive5xxErrors: { ...uint32, nullable: true },
  interval: duration,
  baseEjectionTime: duration,
  maxEjectionPercent: int32,
  minHealthPercent: int32,
  outlierDetectionHttpErrorCodes: listOf({ ...uint32, min: 100, max: 599 }),
});

const clientTLSSettings = message("istio.networking.v1alpha3.ClientTLSSettings", {
  mode: enumOf("istio.networking.v1alpha3.ClientTLSSettings.TLSmode", ["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"]),
  clientCertificate: string,
  privateKey: string,
  caCertificates: string,
  credentialName: string,
  subjectAltNames: strings,
  sni: string,
  insecureSkipVerify: { ...boolean, nullable: true },
  caCrl: string,
});

const portTrafficPolicy = message("istio.networking.v1alpha3.TrafficPolicy.PortTrafficPolicy", {
  port: networkingPortSelector,
  loadBalancer: loadBalancerSettings,
  connectionPool: connectionPoolSettings,
  outlierDetection: outlierDetection,
  tls: clientTLSSettings,
});

const tunnelSettings = message(
  "istio.networking.v1alpha3.TrafficPolicy.TunnelSettings",
  {
    protocol: string,
    targetHost: string,
    targetPort: uint32,
  },
  { required: ["targetHost", "targetPort"] },
);

const proxyProtocol = message("istio.networking.v1alpha3.TrafficPolicy.ProxyProtocol", {
  version: enumOf("istio.networking.v1alpha3.TrafficPolicy.ProxyProtocol.VERSION", ["V1", "V2"]),
});

const retryBudget = message("istio.networking.v1alpha3.TrafficPolicy.RetryBudget", {
  percent: { ...number, min: 0, max: 100, nullable: true },
  minRetryConcurrency: uint32,
  budgetInterval: anyDuration,
});

const trafficPolicy = message("istio.networking.v1alpha3.TrafficPolicy", {
  loadBalancer: loadBalancerSettings,
  connectionPool: connectionPoolSettings,
  outlierDetection: outlierDetection,
  tls: clientTLSSettings,
  portLevelSettings: listOf(portTrafficPolicy, { max: 4096 }),
  tunnel: tunnelSettings,
  proxyProtocol: proxyProtocol,
  retryBudget: retryBudget,
});

const subset = message(
  "istio.networking.v1alpha3.Subset",
  {
    name: string,
    labels: stringMap,
    trafficPolicy: trafficPolicy,
  },
  { required: ["name"] },
);

export const destinationRule = message(
  "istio.networking.v1alpha3.DestinationRule",
  {
    host: string,
    trafficPolicy: trafficPolicy,
    subsets: listOf(subset),
    exportTo: strings,
    workloadSelector: typeWorkloadSelector,
  },
  { required: ["host"] },
);
