import {
  boolean,
  duration,
  int32,
  listOf,
  mapOf,
  number,
  object,
  oneOfValues,
  type Shape,
  string,
  uint32,
  any,
} from "./shape.ts";
import { workloadSelector } from "./shapes-security.ts";

const strings = listOf(string);
const labels = mapOf(string);
const portSelector = object({ number: uint32 });
const percent = object({ value: number });

// ---- DestinationRule -----------------------------------------------------------------------------------------

const clientTls = object({
  mode: oneOfValues("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"),
  clientCertificate: string,
  privateKey: string,
  caCertificates: string,
  caCrl: string,
  credentialName: string,
  subjectAltNames: strings,
  sni: string,
  insecureSkipVerify: boolean,
});

const connectionPool = object({
  tcp: object({
    maxConnections: int32,
    connectTimeout: duration,
    tcpKeepalive: object({ probes: uint32, time: duration, interval: duration }),
    maxConnectionDuration: duration,
    idleTimeout: string,
  }),
  http: object({
    http1MaxPendingRequests: int32,
    http2MaxRequests: int32,
    maxRequestsPerConnection: int32,
    maxRetries: int32,
    idleTimeout: duration,
    h2UpgradePolicy: oneOfValues("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"),
    useClientProtocol: boolean,
    maxConcurrentStreams: int32,
    http2KeepAlive: object({ interval: duration, timeout: duration }),
  }),
});

const locality = object({
  distribute: listOf(object({ from: string, to: mapOf(uint32) })),
  failover: listOf(object({ from: string, to: string })),
  failoverPriority: strings,
  enabled: boolean,
});

const loadBalancer = object(
  {
    simple: oneOfValues("UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"),
    consistentHash: object(
      {
        httpHeaderName: string,
        httpCookie: object(
          {
            name: string,
            path: string,
            ttl: string,
            attributes: listOf(object({ name: string, value: string }, { required: ["name"] })),
          },
          { required: ["name"] },
        ),
        useSourceIp: boolean,
        httpQueryParameterName: string,
        ringHash: object({ minimumRingSize: { kind: "integer", min: 0 } }),
        maglev: object({ tableSize: { kind: "integer", min: 0 } }),
        minimumRingSize: { kind: "integer", min: 0 },
      },
      {
        oneOf: [
          ["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"],
          ["ringHash", "maglev"],
        ],
      },
    ),
    localityLbSetting: locality,
    zoneAwareLbSetting: { kind: "any" },
    warmupDurationSecs: string,
    warmup: object(
      { duration, minimumPercent: { kind: "number", min: 0, max: 100 }, aggression: { kind: "number", min: 1 } },
      { required: ["duration"] },
    ),
  },
  { oneOf: [["simple", "consistentHash"]] },
);

const outlierDetection = object({
  consecutiveErrors: int32,
  splitExternalLocalOriginErrors: boolean,
  consecutiveLocalOriginFailures: uint32,
  consecutiveGatewayErrors: uint32,
  consecutive5xxErrors: uint32,
  interval: duration,
  baseEjectionTime: duration,
  maxEjectionPercent: int32,
  minHealthPercent: int32,
});

const policyFields = { loadBalancer, connectionPool, outlierDetection, tls: clientTls };

const trafficPolicy = object({
  ...policyFields,
  portLevelSettings: listOf(object({ ...policyFields, port: portSelector })),
  tunnel: object(
    { protocol: string, targetHost: string, targetPort: uint32 },
    { required: ["targetHost", "targetPort"] },
  ),
  proxyProtocol: object({ version: oneOfValues("V1", "V2") }),
  retryBudget: object({
    percent: { kind: "number", min: 0, max: 100 },
    minRetryConcurrency: uint32,
    budgetInterval: duration,
  }),
});

export const destinationRuleShape: Shape = object(
  {
    host: string,
    trafficPolicy,
    subsets: listOf(object({ name: string, labels, trafficPolicy }, { required: ["name"] })),
    exportTo: strings,
    workloadSelector,
  },
  { required: ["host"] },
);

// ---- VirtualService ------------------------------------------------------------------------------------------

const stringMatch = object({ exact: string, prefix: string, regex: string }, { oneOf: [["exact", "prefix", "regex"]] });
const destination = object({ host: string, subset: string, port: portSelector }, { required: ["host"] });
const headerOperations = object({ set: labels, add: labels, remove: strings });
const headers = object({ request: headerOperations, response: headerOperations });

const httpMatch = object({
  name: string,
  uri: stringMatch,
  scheme: stringMatch,
  method: stringMatch,
  authority: stringMatch,
  headers: mapOf(stringMatch),
  port: uint32,
  sourceLabels: labels,
  gateways: strings,
  queryParams: mapOf(stringMatch),
  ignoreUriCase: boolean,
  withoutHeaders: mapOf(stringMatch),
  sourceNamespace: string,
  statPrefix: string,
});

const httpRoute = object({
  name: string,
  match: listOf(httpMatch),
  route: listOf(object({ destination, weight: int32, headers }, { required: ["destination"] })),
  redirect: object(
    {
      uri: string,
      prefixRewrite: string,
      authority: string,
      port: uint32,
      derivePort: oneOfValues("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"),
      scheme: string,
      redirectCode: uint32,
    },
    { oneOf: [["port", "derivePort"]] },
  ),
  directResponse: object(
    {
      status: uint32,
      body: object({ string, bytes: { kind: "string", format: "base64" } }, { oneOf: [["string", "bytes"]] }),
    },
    { required: ["status"] },
  ),
  delegate: object({ name: string, namespace: string }),
  rewrite: object({ uri: string, authority: string, uriRegexRewrite: object({ match: string, rewrite: string }) }),
  timeout: duration,
  retries: object({
    attempts: int32,
    perTryTimeout: duration,
    retryOn: string,
    retryRemoteLocalities: boolean,
    retryIgnorePreviousHosts: boolean,
    backoff: duration,
  }),
  fault: object({
    delay: object(
      { percent: int32, fixedDelay: duration, exponentialDelay: duration, percentage: percent },
      { oneOf: [["fixedDelay", "exponentialDelay"]] },
    ),
    abort: object(
      { httpStatus: int32, grpcStatus: string, http2Error: string, percentage: percent },
      { oneOf: [["httpStatus", "grpcStatus", "http2Error"]] },
    ),
  }),
  mirror: destination,
  mirrorPercent: uint32,
  mirror_percent: uint32,
  mirrorPercentage: percent,
  mirrors: listOf(object({ destination, percentage: percent }, { required: ["destination"] })),
  corsPolicy: object({
    allowOrigin: strings,
    allowOrigins: listOf(stringMatch),
    allowMethods: strings,
    allowHeaders: strings,
    exposeHeaders: strings,
    maxAge: duration,
    allowCredentials: boolean,
    unmatchedPreflights: oneOfValues("UNSPECIFIED", "FORWARD", "IGNORE"),
  }),
  headers,
});

const weighted = listOf(object({ destination, weight: int32 }, { required: ["destination"] }));
const l4Match = {
  destinationSubnets: strings,
  port: uint32,
  sourceLabels: labels,
  gateways: strings,
  sourceNamespace: string,
};

export const virtualServiceShape: Shape = object({
  hosts: strings,
  gateways: strings,
  http: listOf(httpRoute),
  tls: listOf(
    object(
      { match: listOf(object({ ...l4Match, sniHosts: strings }, { required: ["sniHosts"] })), route: weighted },
      { required: ["match"] },
    ),
  ),
  tcp: listOf(object({ match: listOf(object({ ...l4Match, sourceSubnet: string })), route: weighted })),
  exportTo: strings,
});

const sidecarPort = object({ number: uint32, protocol: string, name: string, targetPort: uint32 });

export const sidecarShape = object({
  workloadSelector: object({ labels: mapOf(string) }),
  ingress: listOf(
    object(
      {
        port: sidecarPort,
        bind: string,
        captureMode: oneOfValues("DEFAULT", "IPTABLES", "NONE"),
        defaultEndpoint: string,
        tls: any,
        connectionPool,
      },
      { required: ["port"] },
    ),
  ),
  egress: listOf(
    object({
      port: sidecarPort,
      bind: string,
      captureMode: oneOfValues("DEFAULT", "IPTABLES", "NONE"),
      hosts: strings,
    }),
  ),
  inboundConnectionPool: connectionPool,
  outboundTrafficPolicy: any,
});
