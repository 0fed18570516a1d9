/** One way through a proxy: where it listens, and the Unix socket of the application behind it. */
export interface EnvoyLane {
  readonly port: number;
  readonly app: string;
}

/** A server's sidecar as Istio sets it up for a declared HTTP port in PERMISSIVE mode, without what only logs or measures. */
export function envoyConfig(lanes: readonly EnvoyLane[], log: string): string {
  return JSON.stringify({
    // What Istio's bootstrap changes in the codec and the connection manager (spec traffic 5.2.8).
    layered_runtime: {
      layers: [{ name: "istio", static_layer: { "envoy.reloadable_features.http_reject_path_with_fragment": false } }],
    },
    static_resources: { listeners: lanes.map((lane) => listener(lane, log)), clusters: lanes.map(cluster) },
  });
}

function listener({ port }: EnvoyLane, log: string): unknown {
  return {
    name: `in-${port}`,
    address: { socket_address: { address: "127.0.0.1", port_value: port } },
    listener_filters: [
      typed("envoy.filters.listener.tls_inspector", "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"),
    ],
    listener_filters_timeout: "0s",
    filter_chains: [{ filters: [connectionManager(port, log)] }],
  };
}

function connectionManager(port: number, log: string): unknown {
  return typed(
    "envoy.filters.network.http_connection_manager",
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    {
      stat_prefix: "inbound",
      codec_type: "AUTO",
      server_name: "istio-envoy",
      stream_idle_timeout: "0s",
      normalize_path: true,
      proxy_100_continue: true,
      forward_client_cert_details: "APPEND_FORWARD",
      set_current_client_cert_details: { subject: true, dns: true, uri: true },
      upgrade_configs: [{ upgrade_type: "websocket" }],
      route_config: {
        validate_clusters: false,
        virtual_hosts: [
          {
            name: "inbound|http|80",
            domains: ["*"],
            routes: [
              {
                name: "default",
                match: { prefix: "/" },
                decorator: { operation: `backend.default.svc.cluster.local:${port}/*` },
                route: {
                  cluster: `app-${port}`,
                  timeout: "0s",
                  retry_policy: { retry_on: "reset-before-request", num_retries: 2 },
                },
              },
            ],
          },
        ],
      },
      http_filters: [typed("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router")],
      access_log: [
        typed("envoy.access_loggers.file", "envoy.extensions.access_loggers.file.v3.FileAccessLog", {
          path: log,
          log_format: {
            text_format_source: {
              inline_string:
                "%DOWNSTREAM_LOCAL_PORT%:%DOWNSTREAM_DIRECT_REMOTE_PORT% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%\n",
            },
          },
        }),
      ],
    },
  );
}

function cluster({ port, app }: EnvoyLane): unknown {
  return {
    name: `app-${port}`,
    connect_timeout: "1s",
    load_assignment: {
      cluster_name: `app-${port}`,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: app } } } }] }],
    },
  };
}

function typed(name: string, type: string, fields: Readonly<Record<string, unknown>> = {}): unknown {
  return { name, typed_config: { "@type": `type.googleapis.com/${type}`, ...fields } };
}
