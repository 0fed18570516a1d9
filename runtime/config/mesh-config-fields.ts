import { extensionProvidersShape } from "./extension-providers.ts";
import { boolean as booleanShape, duration, int32, listOf, object, oneOfValues, type Shape, string } from "./shape.ts";

/** Shapes of the MeshConfig fields that decide what the mesh does. */
export const checkedFields: Readonly<Record<string, Shape>> = {
  rootNamespace: string,
  trustDomain: string,
  trustDomainAliases: listOf(string),
  enableAutoMtls: booleanShape,
  connectTimeout: duration,
  outboundTrafficPolicy: object({ mode: oneOfValues("ALLOW_ANY", "REGISTRY_ONLY") }),
  pathNormalization: object({
    normalization: oneOfValues("DEFAULT", "NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"),
  }),
  meshMTLS: object({
    minProtocolVersion: oneOfValues("TLS_AUTO", "TLSV1_2", "TLSV1_3"),
    ecdhCurves: listOf(string),
    cipherSuites: listOf(string),
  }),
  h2UpgradePolicy: oneOfValues("DO_NOT_UPGRADE", "UPGRADE"),
  defaultServiceExportTo: listOf(string),
  defaultVirtualServiceExportTo: listOf(string),
  defaultDestinationRuleExportTo: listOf(string),
  extensionProviders: extensionProvidersShape,
  defaultHttpRetryPolicy: object({
    attempts: int32,
    perTryTimeout: duration,
    retryOn: string,
    retryRemoteLocalities: booleanShape,
    retryIgnorePreviousHosts: booleanShape,
    backoff: duration,
  }),
};

/** Every field of MeshConfig. Fields that are not in `checkedFields` are kept in `raw`. */
export const knownFields: readonly string[] = [
  ...Object.keys(checkedFields),
  "accessLogEncoding",
  "accessLogFile",
  "accessLogFormat",
  "ca",
  "caCertificates",
  "certificates",
  "configSources",
  "defaultConfig",
  "defaultInboundHttpRetryPolicy",
  "defaultProviders",
  "defaultTrafficPolicy",
  "disableEnvoyListenerLog",
  "discoverySelectors",
  "dnsRefreshRate",
  "enableEnvoyAccessLogService",
  "enablePrometheusMerge",
  "enableTracing",
  "hboneIdleTimeout",
  "inboundClusterStatName",
  "inboundTrafficPolicy",
  "ingressClass",
  "ingressControllerMode",
  "ingressSelector",
  "ingressService",
  "localityLbSetting",
  "outboundClusterStatName",
  "protocolDetectionTimeout",
  "proxyHttpPort",
  "proxyInboundListenPort",
  "proxyListenPort",
  "serviceScopeConfigs",
  "serviceSettings",
  "tcpKeepalive",
  "tlsDefaults",
  "verifyCertificateAtClient",
];

export function boolean(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}
