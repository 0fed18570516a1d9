import type { PathNormalization } from "../../runtime/model/mesh.ts";
import type { JwtAuthn } from "./jwt.ts";
import { authorizerHost, authorizerSockets, providers } from "./authorizer.ts";
import { authorizerCluster, type Asked, httpExtAuthz, networkExtAuthz } from "./ext-authz-config.ts";
import type { RbacFilter } from "./rbac.ts";

/** What a scenario's workload refuses and admits, for each layer. */
export interface Enforced {
  readonly normalization: PathNormalization;
  readonly jwt: JwtAuthn | undefined;
  readonly http: Filters;
  readonly tcp: Filters;
}

/** RBAC filters in the order of the chain; absent ones are none. */
export interface Filters {
  /** Before each provider by its name; that of an unknown one is followed by none. */
  readonly custom: Readonly<Record<string, RbacFilter>>;
  readonly audit: RbacFilter | undefined;
  readonly deny: RbacFilter | undefined;
  readonly allow: RbacFilter | undefined;
}

export interface Files {
  readonly roots: string;
  readonly chain: string;
  readonly key: string;
}

export const normalizations = ["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"] as const;

/** Where Envoy listens for HTTP of one kind of normalization. */
export function httpSocket(folder: string, mode: PathNormalization, tls: boolean): string {
  return `${folder}/${normalizations.indexOf(mode)}${tls ? "s" : "p"}`;
}

export function tcpSocket(folder: string): string {
  return `${folder}/tcp`;
}

/** On TCP nothing but the caller's port can tell Envoy which scenario a connection is for. */
export const firstSourcePort = 20_000;

/**
 * One Envoy for many scenarios: HTTP requests name theirs in a header, by which a route with RBAC filters of its own is chosen. PROXY
 * headers give connections any address, client certificates any identity.
 */
export function bootstrap(folder: string, scenarios: readonly Enforced[], files: Files): object {
  const http = normalizations.flatMap((mode) =>
    [true, false].map((tls) => ({
      name: `${mode} ${tls}`,
      address: { pipe: { path: httpSocket(folder, mode, tls) } },
      listener_filters: [proxyProtocol, ...(tls ? [tlsInspector] : [])],
      filter_chains: [
        { filters: [connectionManager(mode, scenarios)], ...(tls ? { transport_socket: transport(files) } : {}) },
      ],
    })),
  );
  const tcp = {
    name: "tcp",
    address: { pipe: { path: tcpSocket(folder) } },
    listener_filters: [proxyProtocol, tlsInspector],
    filter_chains: scenarios.flatMap(({ tcp: rules }, number) =>
      [true, false].map((tls) => ({
        name: `${number} ${tls}`,
        filter_chain_match: {
          source_ports: [firstSourcePort + number],
          transport_protocol: tls ? "tls" : "raw_buffer",
        },
        filters: [
          ...customNames.flatMap((name) => networkCustom(name, rules.custom[name])),
          ...[rules.audit, rules.deny, rules.allow].flatMap((rbac) => (rbac === undefined ? [] : [networkRbac(rbac)])),
          typed("envoy.filters.network.echo", "envoy.extensions.filters.network.echo.v3.Echo"),
        ],
        ...(tls ? { transport_socket: transport(files) } : {}),
      })),
    ),
  };
  return {
    // What Istio's bootstrap changes (spec traffic 5.2.8).
    layered_runtime: {
      layers: [{ name: "istio", static_layer: { "envoy.reloadable_features.http_reject_path_with_fragment": false } }],
    },
    static_resources: {
      listeners: [...http, tcp],
      clusters: providers.map(({ name, protocol }) =>
        authorizerCluster(name, { pipe: { path: authorizerSockets(folder)[protocol] } }, protocol === "grpc"),
      ),
    },
  };
}

/** In the order in which they are asked, and last one that nobody knows. */
const customNames = [...providers.map(({ name }) => name), "nobody"];

function askedOf(provider: (typeof providers)[number]): Asked {
  const { name, protocol, settings } = provider;
  return { protocol, settings, cluster: name, hostname: authorizerHost, enabledBy: `istio-ext-authz-${name}` };
}

function networkCustom(name: string, rbac: RbacFilter | undefined): readonly object[] {
  const provider = providers.find((each) => each.name === name);
  if (rbac === undefined) return [];
  const asks = provider !== undefined && rbac.shadow_rules !== undefined;
  const filter = "envoy.filters.network.ext_authz";
  return [networkRbac(rbac), ...(asks ? [{ name: filter, typed_config: networkExtAuthz(askedOf(provider)) }] : [])];
}

const proxyProtocol = typed(
  "envoy.filters.listener.proxy_protocol",
  "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
);

/** Where RBAC learns the name that a client asks for. */
const tlsInspector = typed(
  "envoy.filters.listener.tls_inspector",
  "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
);

function typed(name: string, type: string, fields: object = {}): object {
  return { name, typed_config: { "@type": `type.googleapis.com/${type}`, ...fields } };
}

function transport({ roots, chain, key }: Files): object {
  return typed("envoy.transport_sockets.tls", "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", {
    require_client_certificate: true,
    common_tls_context: {
      tls_certificates: [{ certificate_chain: { filename: chain }, private_key: { filename: key } }],
      validation_context: { trusted_ca: { filename: roots } },
    },
  });
}

function networkRbac(rules: RbacFilter): object {
  return typed("envoy.filters.network.rbac", "envoy.extensions.filters.network.rbac.v3.RBAC", {
    ...rules,
    stat_prefix: "tcp.",
  });
}

/** spec AP-71 */
function normalizing(mode: PathNormalization): object {
  return {
    normalize_path: mode !== "NONE",
    merge_slashes: mode === "MERGE_SLASHES" || mode === "DECODE_AND_MERGE_SLASHES",
    ...(mode === "DECODE_AND_MERGE_SLASHES" ? { path_with_escaped_slashes_action: "UNESCAPE_AND_FORWARD" } : {}),
  };
}

function connectionManager(mode: PathNormalization, scenarios: readonly Enforced[]): object {
  const rbac = "envoy.extensions.filters.http.rbac.v3.RBAC";
  return typed(
    "envoy.filters.network.http_connection_manager",
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    {
      stat_prefix: "in",
      ...normalizing(mode),
      stream_idle_timeout: "0s",
      // Behind a refused path Envoy closes, and nobody here has to be waited for.
      delayed_close_timeout: "0.01s",
      route_config: {
        virtual_hosts: [
          {
            name: "all",
            domains: ["*"],
            routes: scenarios.flatMap((scenario, number) =>
              scenario.normalization === mode ? [route(scenario, number)] : [],
            ),
          },
        ],
      },
      local_reply_config: {
        mappers: [
          {
            filter: {
              status_code_filter: { comparison: { op: "GE", value: { default_value: 400, runtime_key: "none" } } },
            },
            headers_to_add: [added("x-details", "%RESPONSE_CODE_DETAILS%"), added("x-shadow", shadows)],
          },
        ],
      },
      http_filters: [
        ...customNames.flatMap((name) => {
          const provider = providers.find((each) => each.name === name);
          const filter = provider === undefined ? [] : [{ name, typed_config: httpExtAuthz(askedOf(provider)) }];
          return [typed(`custom-${name}`, rbac), ...filter];
        }),
        typed("jwt", `${jwtAuthn}.JwtAuthentication`, {
          providers: Object.assign({}, ...scenarios.map(({ jwt }) => jwt?.providers ?? {})) as object,
          requirement_map: Object.fromEntries(
            scenarios.flatMap(({ jwt }, number) => (jwt === undefined ? [] : [[String(number), jwt.requirement]])),
          ),
        }),
        typed("audit", rbac),
        typed("deny", rbac),
        typed("allow", rbac),
        typed("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router"),
      ],
    },
  );
}

/** What dry-run policies found; a filter that was not reached says nothing. */
const shadows = ["deny", "allow"]
  .map((action) => `${action}=%DYNAMIC_METADATA(envoy.filters.http.rbac:istio_dry_run_${action}_shadow_engine_result)%`)
  .join(" ");

function added(key: string, value: string): object {
  return { header: { key, value }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" };
}

const jwtAuthn = "envoy.extensions.filters.http.jwt_authn.v3";

function route({ http, jwt }: Enforced, number: number): object {
  const per = (filter: RbacFilter | undefined): object => ({
    "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBACPerRoute",
    rbac: filter ?? {},
  });
  return {
    match: { prefix: "/", headers: [{ name: "x-scenario", string_match: { exact: String(number) } }] },
    direct_response: { status: 200 },
    response_headers_to_add: [
      added("x-path", "%REQ(:PATH)%"),
      added("x-by", "%DYNAMIC_METADATA(envoy.filters.http.rbac:enforced_effective_policy_id)%"),
      added("x-shadow", shadows),
    ],
    typed_per_filter_config: {
      ...Object.fromEntries(customNames.map((name) => [`custom-${name}`, per(http.custom[name])])),
      audit: per(http.audit),
      jwt: {
        "@type": `type.googleapis.com/${jwtAuthn}.PerRouteConfig`,
        ...(jwt === undefined ? { disabled: true } : { requirement_name: String(number) }),
      },
      deny: per(http.deny),
      allow: per(http.allow),
    },
  };
}
