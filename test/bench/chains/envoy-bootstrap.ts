import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import type { Kind, Site } from "./site.ts";

/**
 * What istiod would send for a caller and a callee under STRICT mutual TLS with one AuthorizationPolicy, written as static bootstraps.
 * Left out, in Envoy's favour: Istio's own filters (metadata exchange, its Prometheus statistics, ALPN rewriting), which only its build
 * of Envoy has, capture by iptables with the original-destination filter, SDS and xDS, tracing.
 */

type Json = Readonly<Record<string, unknown>>;

const http = "envoy.extensions.filters.http";
const network = "envoy.extensions.filters.network";
const connectionManager = `${network}.http_connection_manager.v3.HttpConnectionManager`;

export function caller(site: Site): Json {
  return bootstrap(
    (["http1", "http2"] as const)
      .map((kind) =>
        listener(`outbound-${kind}`, { pipe: { path: site.caller[kind] } }, [], [outboundHttp(site, kind)]),
      )
      .concat([
        listener(
          "outbound-tcp",
          { pipe: { path: site.caller.tcp } },
          [],
          [{ filters: [tcpProxy(site, "caller", outboundCluster("tcp"))] }],
        ),
      ]),
    (["http1", "http2", "tcp"] as const).map((kind) => ({
      ...cluster(
        outboundCluster(kind),
        { socket_address: { address: "127.0.0.1", port_value: site.port[kind] } },
        kind,
      ),
      transport_socket: {
        name: "envoy.transport_sockets.tls",
        typed_config: {
          "@type": type("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"),
          sni: `outbound_.8080_._.backend.default.svc.cluster.local`,
          common_tls_context: tls(site, site.certificates.frontend, kind, site.certificates.backend.spiffe),
        },
      },
    })),
  );
}

export function callee(site: Site): Json {
  return bootstrap(
    (["http1", "http2", "tcp"] as const).map((kind) =>
      listener(
        `inbound-${kind}`,
        { socket_address: { address: "127.0.0.1", port_value: site.port[kind] } },
        [
          {
            name: "envoy.filters.listener.tls_inspector",
            typed_config: { "@type": type("envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector") },
          },
        ],
        [
          {
            filter_chain_match: { transport_protocol: "tls" },
            transport_socket: {
              name: "envoy.transport_sockets.tls",
              typed_config: {
                "@type": type("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"),
                require_client_certificate: true,
                common_tls_context: tls(site, site.certificates.backend, kind, undefined),
              },
            },
            filters: kind === "tcp" ? inboundTcp(site) : inboundHttp(site, kind),
          },
        ],
      ),
    ),
    (["http1", "http2", "tcp"] as const).map((kind) =>
      cluster(inboundCluster(kind), { pipe: { path: site.application[kind] } }, kind),
    ),
  );
}

function bootstrap(listeners: readonly Json[], clusters: readonly Json[]): Json {
  return {
    // Which statistics Istio's bootstrap keeps.
    stats_config: {
      use_all_default_tags: false,
      stats_matcher: {
        inclusion_list: {
          patterns: ["cluster_manager", "listener_manager", "server", "cluster.xds-grpc", "wasm", "component"]
            .map((prefix): Json => ({ prefix }))
            .concat([{ contains: "rbac" }]),
        },
      },
    },
    static_resources: { listeners, clusters },
  };
}

function listener(name: string, address: Json, filters: readonly Json[], chains: readonly Json[]): Json {
  return {
    name,
    address,
    listener_filters: filters,
    filter_chains: chains,
    per_connection_buffer_limit_bytes: 32_768,
  };
}

function outboundHttp(site: Site, kind: Kind): Json {
  return {
    filters: [
      manager(
        site,
        "caller",
        {
          stat_prefix: "outbound_0.0.0.0_8080",
          server_name: "envoy",
          use_remote_address: false,
          route_config: {
            name: "8080",
            validate_clusters: false,
            max_direct_response_body_size_bytes: 1_048_576,
            ignore_port_in_host_matching: true,
            virtual_hosts: [
              {
                name: "backend.default.svc.cluster.local:8080",
                domains: ["backend.default.svc.cluster.local", "backend", "backend.default.svc", "backend.default"],
                include_request_attempt_count: true,
                routes: [
                  {
                    name: "default",
                    match: { prefix: "/" },
                    decorator: { operation: "backend.default.svc.cluster.local:8080/*" },
                    route: {
                      cluster: outboundCluster(kind),
                      timeout: "0s",
                      max_grpc_timeout: "0s",
                      retry_policy: {
                        retry_on: "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
                        num_retries: 2,
                        retry_host_predicate: [
                          {
                            name: "envoy.retry_host_predicates.previous_hosts",
                            typed_config: {
                              "@type": type("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"),
                            },
                          },
                        ],
                        host_selection_retry_max_attempts: 5,
                        retriable_status_codes: [503],
                      },
                    },
                  },
                ],
              },
            ],
          },
        },
        [],
      ),
    ],
  };
}

function inboundHttp(site: Site, kind: Kind): readonly Json[] {
  return [
    manager(
      site,
      "callee",
      {
        stat_prefix: "inbound_0.0.0.0_8080;",
        server_name: "istio-envoy",
        use_remote_address: false,
        forward_client_cert_details: "APPEND_FORWARD",
        set_current_client_cert_details: { subject: true, dns: true, uri: true },
        route_config: {
          name: "inbound|8080||",
          validate_clusters: false,
          virtual_hosts: [
            {
              name: "inbound|http|8080",
              domains: ["*"],
              routes: [
                {
                  name: "default",
                  match: { prefix: "/" },
                  decorator: { operation: "backend.default.svc.cluster.local:8080/*" },
                  route: { cluster: inboundCluster(kind), timeout: "0s", max_grpc_timeout: "0s" },
                },
              ],
            },
          ],
        },
      },
      [
        {
          name: "envoy.filters.http.rbac",
          typed_config: {
            "@type": type(`${http}.rbac.v3.RBAC`),
            rules: rules(site),
            shadow_rules_stat_prefix: "istio_",
          },
        },
      ],
    ),
  ];
}

function inboundTcp(site: Site): readonly Json[] {
  return [
    {
      name: "envoy.filters.network.rbac",
      typed_config: {
        "@type": type(`${network}.rbac.v3.RBAC`),
        stat_prefix: "tcp.",
        rules: { action: "ALLOW", policies: policy(site, [{ any: true }]) },
      },
    },
    tcpProxy(site, "callee", inboundCluster("tcp")),
  ];
}

/** One AuthorizationPolicy: this caller may GET. */
function rules(site: Site): Json {
  const get = { header: { name: ":method", string_match: { exact: "GET" } } };
  return { action: "ALLOW", policies: policy(site, [{ and_rules: { rules: [{ or_rules: { rules: [get] } }] } }]) };
}

function policy(site: Site, permissions: readonly Json[]): Json {
  const caller = { authenticated: { principal_name: { exact: site.certificates.frontend.spiffe } } };
  return {
    "ns[default]-policy[backend-allow]-rule[0]": {
      permissions,
      principals: [{ and_ids: { ids: [{ or_ids: { ids: [caller] } }] } }],
    },
  };
}

function manager(site: Site, side: string, settings: Json, extra: readonly Json[]): Json {
  const filter = (name: string, message: string, more: Json = {}): Json => ({
    name: `envoy.filters.http.${name}`,
    typed_config: { "@type": type(`${http}.${name}.v3.${message}`), ...more },
  });
  return {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: {
      "@type": type(connectionManager),
      codec_type: "AUTO",
      http_filters: [
        ...extra,
        filter("grpc_stats", "FilterConfig", { emit_filter_state: true, stats_for_all_methods: false }),
        filter("fault", "HTTPFault"),
        filter("cors", "Cors"),
        filter("router", "Router"),
      ],
      access_log: accessLog(site, side),
      upgrade_configs: [{ upgrade_type: "websocket" }],
      stream_idle_timeout: "0s",
      normalize_path: true,
      path_with_escaped_slashes_action: "KEEP_UNCHANGED",
      generate_request_id: true,
      request_id_extension: {
        typed_config: {
          "@type": type("envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig"),
          use_request_id_for_trace_sampling: true,
        },
      },
      ...settings,
    },
  };
}

function tcpProxy(site: Site, side: string, name: string): Json {
  return {
    name: "envoy.filters.network.tcp_proxy",
    typed_config: {
      "@type": type(`${network}.tcp_proxy.v3.TcpProxy`),
      stat_prefix: name,
      cluster: name,
      access_log: accessLog(site, side),
    },
  };
}

/** Istio's text format (spec traffic 5.7.2). */
const format =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% ' +
  '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% ' +
  "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n";

function accessLog(site: Site, side: string): readonly Json[] {
  return [
    {
      name: "envoy.access_loggers.file",
      typed_config: {
        "@type": type("envoy.extensions.access_loggers.file.v3.FileAccessLog"),
        path: join(site.folder, `${side}.log`),
        log_format: { text_format_source: { inline_string: format } },
      },
    },
  ];
}

function tls(site: Site, own: CertificateFiles, kind: Kind, peer: string | undefined): Json {
  const alpn = { http1: ["http/1.1"], http2: ["h2"], tcp: ["istio-peer-exchange", "istio"] }[kind];
  const uri = peer === undefined ? { prefix: "spiffe://cluster.local/" } : { exact: peer };
  return {
    alpn_protocols: alpn,
    tls_params: { tls_minimum_protocol_version: "TLSv1_2", tls_maximum_protocol_version: "TLSv1_3" },
    tls_certificates: [{ certificate_chain: { filename: own.chain }, private_key: { filename: own.key } }],
    validation_context: {
      trusted_ca: { filename: site.certificates.roots },
      match_typed_subject_alt_names: [{ san_type: "URI", matcher: uri }],
    },
  };
}

function cluster(name: string, address: Json, kind: Kind): Json {
  const plain = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  const protocol = kind === "http2" ? { http2_protocol_options: {} } : { http_protocol_options: {} };
  return {
    name,
    type: "STATIC",
    connect_timeout: "10s",
    circuit_breakers: {
      thresholds: [
        {
          max_connections: 4_294_967_295,
          max_pending_requests: 4_294_967_295,
          max_requests: 4_294_967_295,
          max_retries: 4_294_967_295,
          track_remaining: true,
        },
      ],
    },
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
    ...(kind === "tcp"
      ? {}
      : { typed_extension_protocol_options: { [plain]: { "@type": type(plain), explicit_http_config: protocol } } }),
  };
}

function outboundCluster(kind: Kind): string {
  return `outbound|${kind}||backend.default.svc.cluster.local`;
}

function inboundCluster(kind: Kind): string {
  return `inbound|${kind}||`;
}

function type(name: string): string {
  return `type.googleapis.com/${name}`;
}
