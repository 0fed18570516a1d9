/** Envoy's ext_authz filters as istiod generates them from a provider of MeshConfig (spec CU-9…CU-22). */

type Settings = Readonly<Record<string, unknown>>;

export interface Asked {
  readonly protocol: "http" | "grpc";
  /** What stands under `envoyExtAuthzHttp` or `envoyExtAuthzGrpc`. */
  readonly settings: Settings;
  /** Envoy's cluster of the provider. */
  readonly cluster: string;
  readonly hostname: string;
  /** Beginning of the rule id that makes the filter ask. */
  readonly enabledBy: string;
}

const type = (name: string): string => `type.googleapis.com/envoy.extensions.filters.${name}`;

export function httpExtAuthz({ protocol, settings, cluster, hostname, enabledBy }: Asked): object {
  const timeout = settings["timeout"] ?? "600s";
  const body = settings["includeRequestBodyInCheck"] as Settings | undefined;
  const common = {
    "@type": type("http.ext_authz.v3.ExtAuthz"),
    transport_api_version: "V3",
    failure_mode_allow: settings["failOpen"] ?? false,
    ...(settings["statusOnError"] === undefined
      ? {}
      : { status_on_error: { code: Number(settings["statusOnError"]) } }),
    ...(body === undefined
      ? {}
      : {
          with_request_body: {
            max_request_bytes: body["maxRequestBytes"],
            allow_partial_message: body["allowPartialMessage"] ?? false,
            pack_as_bytes: body["packAsBytes"] ?? false,
          },
        }),
    filter_enabled_metadata: enabledMetadata("envoy.filters.http.rbac", enabledBy),
  };
  if (protocol === "grpc") {
    const service = { envoy_grpc: { cluster_name: cluster, authority: hostname }, timeout };
    return { ...common, grpc_service: service, include_peer_certificate: true, include_tls_session: true };
  }
  const additional = Object.entries((settings["includeAdditionalHeadersInCheck"] ?? {}) as Record<string, string>);
  const response = {
    ...patterns("allowed_upstream_headers", settings["headersToUpstreamOnAllow"]),
    ...patterns("allowed_client_headers", settings["headersToDownstreamOnDeny"]),
    ...patterns("allowed_client_headers_on_success", settings["headersToDownstreamOnAllow"]),
  };
  return {
    ...common,
    ...patterns("allowed_headers", settings["includeRequestHeadersInCheck"]),
    http_service: {
      server_uri: { uri: `http://${hostname}`, cluster, timeout },
      ...(settings["pathPrefix"] === undefined ? {} : { path_prefix: settings["pathPrefix"] }),
      ...(additional.length === 0
        ? {}
        : { authorization_request: { headers_to_add: additional.map(([key, value]) => ({ key, value })) } }),
      ...(Object.keys(response).length === 0 ? {} : { authorization_response: response }),
    },
  };
}

/** Only gRPC providers are asked about connections (spec CU-6). */
export function networkExtAuthz({ settings, cluster, hostname, enabledBy }: Asked): object {
  return {
    "@type": type("network.ext_authz.v3.ExtAuthz"),
    stat_prefix: "tcp.",
    transport_api_version: "V3",
    failure_mode_allow: settings["failOpen"] ?? false,
    grpc_service: {
      envoy_grpc: { cluster_name: cluster, authority: hostname },
      timeout: settings["timeout"] ?? "600s",
    },
    include_peer_certificate: true,
    include_tls_session: true,
    filter_enabled_metadata: enabledMetadata("envoy.filters.network.rbac", enabledBy),
  };
}

function enabledMetadata(filter: string, prefix: string): object {
  const path = [{ key: "istio_ext_authz_shadow_effective_policy_id" }];
  return { filter, path, value: { string_match: { prefix } } };
}

export function authorizerCluster(name: string, address: object, http2: boolean): object {
  const options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  return {
    name,
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
    ...(http2
      ? {
          typed_extension_protocol_options: {
            [options]: {
              "@type": `type.googleapis.com/${options}`,
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
        }
      : {}),
  };
}

function patterns(field: string, values: unknown): object {
  if (!Array.isArray(values)) return {};
  const of = (value: string): object => {
    if (value.startsWith("*")) return { suffix: value.slice(1), ignore_case: true };
    if (value.endsWith("*")) return { prefix: value.slice(0, -1), ignore_case: true };
    return { exact: value, ignore_case: true };
  };
  return { [field]: { patterns: values.map((value) => of(String(value))) } };
}
