import {
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
} from "../shape.ts";

const stringMatch = message(
  "istio.networking.v1alpha3.StringMatch",
  {
    exact: string,
    prefix: string,
    regex: string,
  },
  { oneOf: [["exact", "prefix", "regex"]] },
);

const httpMatchRequest = message("istio.networking.v1alpha3.HTTPMatchRequest", {
  name: string,
  uri: stringMatch,
  scheme: stringMatch,
  method: stringMatch,
  authority: stringMatch,
  headers: mapOf(stringMatch),
  port: uint32,
  sourceLabels: stringMap,
  gateways: strings,
  queryParams: mapOf(stringMatch),
  ignoreUriCase: boolean,
  withoutHeaders: mapOf(stringMatch),
  sourceNamespace: string,
  statPrefix: string,
});

export const networkingPortSelector = message("istio.networking.v1alpha3.PortSelector", {
  number: uint32,
});

export const destination = message(
  "istio.networking.v1alpha3.Destination",
  {
    host: string,
    subset: string,
    port: networkingPortSelector,
  },
  { required: ["host"] },
);

const headerOperations = message("istio.networking.v1alpha3.Headers.HeaderOperations", {
  set: stringMap,
  add: stringMap,
  remove: strings,
});

const headers = message("istio.networking.v1alpha3.Headers", {
  request: headerOperations,
  response: headerOperations,
});

const httpRouteDestination = message(
  "istio.networking.v1alpha3.HTTPRouteDestination",
  {
    destination: destination,
    weight: int32,
    headers: headers,
  },
  { required: ["destination"] },
);

const httpRedirect = message(
  "istio.networking.v1alpha3.HTTPRedirect",
  {
    uri: string,
    authority: string,
    port: uint32,
    derivePort: enumOf("istio.networking.v1alpha3.HTTPRedirect.RedirectPortSelection", [
      "FROM_PROTOCOL_DEFAULT",
      "FROM_REQUEST_PORT",
    ]),
    scheme: string,
    redirectCode: uint32,
    prefixRewrite: string,
  },
  { oneOf: [["port", "derivePort"]] },
);

const httpBody = message(
  "istio.networking.v1alpha3.HTTPBody",
  {
    string: string,
    bytes: { ...string, format: "byte" },
  },
  { oneOf: [["string", "bytes"]] },
);

const httpDirectResponse = message(
  "istio.networking.v1alpha3.HTTPDirectResponse",
  {
    status: uint32,
    body: httpBody,
  },
  { required: ["status"] },
);

const delegate = message("istio.networking.v1alpha3.Delegate", {
  name: string,
  namespace: string,
});

const regexRewrite = message("istio.networking.v1alpha3.RegexRewrite", {
  match: string,
  rewrite: string,
});

const httpRewrite = message("istio.networking.v1alpha3.HTTPRewrite", {
  uri: string,
  authority: string,
  uriRegexRewrite: regexRewrite,
});

const httpRetry = message("istio.networking.v1alpha3.HTTPRetry", {
  attempts: int32,
  perTryTimeout: duration,
  retryOn: string,
  retryRemoteLocalities: { ...boolean, nullable: true },
  retryIgnorePreviousHosts: { ...boolean, nullable: true },
  backoff: duration,
});

const percent = message("istio.networking.v1alpha3.Percent", {
  value: number,
});

const delay = message(
  "istio.networking.v1alpha3.HTTPFaultInjection.Delay",
  {
    percent: int32,
    fixedDelay: duration,
    exponentialDelay: duration,
    percentage: percent,
  },
  { oneOf: [["fixedDelay", "exponentialDelay"]] },
);

const abort = message(
  "istio.networking.v1alpha3.HTTPFaultInjection.Abort",
  {
    httpStatus: int32,
    grpcStatus: string,
    http2Error: string,
    percentage: percent,
  },
  { oneOf: [["httpStatus", "grpcStatus", "http2Error"]] },
);

const httpFaultInjection = message("istio.networking.v1alpha3.HTTPFaultInjection", {
  delay: delay,
  abort: abort,
});

const httpMirrorPolicy = message(
  "istio.networking.v1alpha3.HTTPMirrorPolicy",
  {
    destination: destination,
    percentage: percent,
  },
  { required: ["destination"] },
);

const corsPolicy = message("istio.networking.v1alpha3.CorsPolicy", {
  allowOrigin: strings,
  allowOrigins: listOf(stringMatch),
  allowMethods: strings,
  allowHeaders: strings,
  exposeHeaders: strings,
  maxAge: duration,
  allowCredentials: { ...boolean, nullable: true },
  unmatchedPreflights: enumOf("istio.networking.v1alpha3.CorsPolicy.UnmatchedPreflights", [
    "UNSPECIFIED",
    "FORWARD",
    "IGNORE",
  ]),
});

const httpRoute = message("istio.networking.v1alpha3.HTTPRoute", {
  name: string,
  match: listOf(httpMatchRequest),
  route: listOf(httpRouteDestination),
  redirect: httpRedirect,
  directResponse: httpDirectResponse,
  delegate: delegate,
  rewrite: httpRewrite,
  timeout: duration,
  retries: httpRetry,
  fault: httpFaultInjection,
  mirror: destination,
  mirrors: listOf(httpMirrorPolicy),
  mirrorPercent: { ...uint32, nullable: true },
  mirrorPercentage: percent,
  corsPolicy: corsPolicy,
  headers: headers,
  mirror_percent: { ...uint32, nullable: true, alias: true },
});

const tlsMatchAttributes = message(
  "istio.networking.v1alpha3.TLSMatchAttributes",
  {
    sniHosts: strings,
    destinationSubnets: strings,
    port: uint32,
    sourceLabels: stringMap,
    gateways: strings,
    sourceNamespace: string,
  },
  { required: ["sniHosts"] },
);

const routeDestination = message(
  "istio.networking.v1alpha3.RouteDestination",
  {
    destination: destination,
    weight: int32,
  },
  { required: ["destination"] },
);

const tlsRoute = message(
  "istio.networking.v1alpha3.TLSRoute",
  {
    match: listOf(tlsMatchAttributes),
    route: listOf(routeDestination),
  },
  { required: ["match"] },
);

const l4MatchAttributes = message("istio.networking.v1alpha3.L4MatchAttributes", {
  destinationSubnets: strings,
  port: uint32,
  sourceSubnet: string,
  sourceLabels: stringMap,
  gateways: strings,
  sourceNamespace: string,
});

const tcpRoute = message("istio.networking.v1alpha3.TCPRoute", {
  match: listOf(l4MatchAttributes),
  route: listOf(routeDestination),
});

export const virtualService = message("istio.networking.v1alpha3.VirtualService", {
  hosts: strings,
  gateways: strings,
  http: listOf(httpRoute),
  tls: listOf(tlsRoute),
  tcp: listOf(tcpRoute),
  exportTo: strings,
});
