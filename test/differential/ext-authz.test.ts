import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { findProgram } from "../bench/chains/program.ts";
import { createRawApp, type RawApp } from "../support/raw-app.ts";
import { createProxyWorld } from "../support/proxy-world.ts";
import {
  createScriptedAuthorizer,
  grpcProviders,
  httpProviders,
  requestOf,
  type Scenario,
  scenarios,
  type ScriptedAuthorizer,
  talk,
} from "../support/ext-authz-scenarios.ts";

/** The same authorizer behind a real Envoy, set up as istiod does, and behind a sidecar of ours: both must ask, pass on and answer alike. */
const envoy = findProgram("envoy", "MESHDEV_ENVOY");
const hostname = "authz.default.svc.cluster.local";
const type = (name: string): string => `type.googleapis.com/envoy.extensions.filters.${name}`;

interface Outcome {
  readonly answer: unknown;
  readonly application: unknown;
  readonly checks: unknown;
}

test.skipIf(envoy === undefined)(
  "external authorizers: a real Envoy asks, changes and answers as a sidecar does",
  async ({ skip }) => {
    if (envoy === undefined) return skip("envoy is not in PATH");
    await using authorizer = createScriptedAuthorizer();
    await using world = await createProxyWorld(ours());
    const app = await createRawApp(`${world.folder}/a-backend-1-8080`);
    app.answer = (_, socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-app: 1\r\n\r\nok");
    };
    const http = world.inbound("authz-1", 8000);
    const grpc = world.inbound("authz-1", 9000);
    authorizer.http.listen(http);
    authorizer.grpc.listen(grpc);
    await Promise.all([once(authorizer.http, "listening"), once(authorizer.grpc, "listening")]);

    const names = [...Object.keys(httpProviders), ...Object.keys(grpcProviders)];
    const ports = new Map<string, number>();
    for (const name of names) ports.set(name, await freePort());
    const folder = mkdtempSync(join(tmpdir(), "mdx-"));
    const config = join(folder, "envoy.json");
    writeFileSync(config, JSON.stringify(bootstrap(ports, `${world.folder}/a-backend-1-8080`, http, grpc)));
    const child = spawn(envoy, ["-c", config, "--concurrency", "1", "-l", "off", "--disable-hot-restart"]);
    try {
      const theirs = (name: string): { host: string; port: number } => ({
        host: "127.0.0.1",
        port: ports.get(name) ?? 0,
      });
      await vi.waitFor(() => talk(theirs("plain"), "GET /other HTTP/1.1\r\nhost: a\r\n\r\n"), 30_000);
      const play = (scenario: Scenario, to: { host: string; port: number }): Promise<Outcome> =>
        outcomeOf(scenario, to, authorizer, app);
      const disagreements: unknown[] = [];
      for (const scenario of scenarios) {
        const envoys = await play(scenario, theirs(scenario.provider));
        const own = await play(scenario, world.inbound("backend-1", 8080));
        if (JSON.stringify(envoys) !== JSON.stringify(own)) disagreements.push({ name: scenario.name, envoys, own });
      }
      expect(disagreements).toEqual([]);
    } finally {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
      await app.close();
    }
  },
  180_000,
);

async function outcomeOf(
  scenario: Scenario,
  to: { readonly host: string; readonly port: number },
  authorizer: ScriptedAuthorizer,
  app: RawApp,
): Promise<Outcome> {
  authorizer.script = scenario;
  authorizer.checks.length = 0;
  authorizer.grpcChecks.length = 0;
  const before = app.arrived.length;
  const answer = await talk(to, requestOf(scenario));
  return {
    answer: message(answer),
    application: app.arrived.slice(before).map(({ head, body }) => message(`${head}${body}`)),
    checks: [
      ...authorizer.checks.map(message),
      ...authorizer.grpcChecks.map(({ headers, check }) => {
        const http = check.attributes.request?.http;
        const told = Object.entries(http?.headers ?? {}).filter(([name]) => !varying.has(name));
        return [
          byName(Object.entries(headers).filter(([name]) => name !== "x-forwarded-for")),
          { ...http, id: "", headers: byName(told), rawBody: http?.rawBody?.toString("hex") },
        ];
      }),
    ],
  };
}

function byName<T>(entries: readonly (readonly [string, T])[]): readonly (readonly [string, T])[] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Different in every message, or said only by a sidecar that knows its service. */
const varying: ReadonlySet<string> = new Set([
  "date",
  "x-request-id",
  "x-envoy-upstream-service-time",
  "x-envoy-decorator-operation",
]);

/** The first line, the headers in order of their names, and the body. */
function message(text: string): unknown {
  const end = text.indexOf("\r\n\r\n");
  const [line, ...lines] = text.slice(0, end).split("\r\n");
  const fields = lines.map((each) => each.replace(/^[^:]*/, (name) => name.toLowerCase()));
  return [
    line,
    fields.filter((each) => !varying.has(each.slice(0, each.indexOf(":")))).toSorted(),
    text.slice(end + 4),
  ];
}

function ours(): { readonly project: string; readonly mesh: string } {
  const service = hostname;
  const providers = [
    ...Object.entries(httpProviders).map(([name, more]) => ({
      name,
      envoyExtAuthzHttp: { service, port: 8000, ...more },
    })),
    ...Object.entries(grpcProviders).map(([name, more]) => ({
      name,
      envoyExtAuthzGrpc: { service, port: 9000, ...more },
    })),
  ];
  return {
    project: `
services:
  backend: {run: x, port: 8080}
  authz: {run: x, sidecar: false, ports: [{name: http, port: 8000}, {name: grpc, port: 9000}]}
features: {PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS: "true"}
meshConfig: ${JSON.stringify({ extensionProviders: providers })}
`,
    mesh: providers
      .map(
        ({ name }) => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ${name}, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  action: CUSTOM
  provider: {name: ${name}}
  rules: [{to: [{operation: {paths: ['/${name}/*']}}]}]
---`,
      )
      .join(""),
  };
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

interface Place {
  readonly host: string;
  readonly port: number;
}

function bootstrap(ports: ReadonlyMap<string, number>, app: string, http: Place, grpc: Place): object {
  return {
    static_resources: {
      listeners: [...ports].map(([name, port]) => listener(name, port)),
      clusters: [
        cluster("app", { pipe: { path: app } }),
        cluster("http", { socket_address: { address: http.host, port_value: http.port } }),
        {
          ...cluster("grpc", { socket_address: { address: grpc.host, port_value: grpc.port } }),
          typed_extension_protocol_options: {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
              "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
        },
      ],
    },
  };
}

function cluster(name: string, address: object): object {
  const endpoints = [{ lb_endpoints: [{ endpoint: { address } }] }];
  return { name, type: "STATIC", connect_timeout: "1s", load_assignment: { cluster_name: name, endpoints } };
}

function listener(name: string, port: number): object {
  const rule = { permissions: [{ url_path: { path: { prefix: `/${name}/` } } }], principals: [{ any: true }] };
  const filters = [
    {
      name: "envoy.filters.http.rbac",
      typed_config: {
        "@type": type("http.rbac.v3.RBAC"),
        shadow_rules: { action: "DENY", policies: { "istio-ext-authz": rule } },
        shadow_rules_stat_prefix: "istio_ext_authz_",
      },
    },
    { name: "envoy.filters.http.ext_authz", typed_config: extAuthz(name) },
    { name: "envoy.filters.http.router", typed_config: { "@type": type("http.router.v3.Router") } },
  ];
  const manager = {
    "@type": type("network.http_connection_manager.v3.HttpConnectionManager"),
    stat_prefix: name,
    server_name: "istio-envoy",
    use_remote_address: false,
    normalize_path: true,
    http_filters: filters,
    route_config: {
      virtual_hosts: [
        { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "app", timeout: "0s" } }] },
      ],
    },
  };
  return {
    name,
    address: { socket_address: { address: "127.0.0.1", port_value: port } },
    filter_chains: [{ filters: [{ name: "http", typed_config: manager }] }],
  };
}

/** What istiod makes of a provider. */
function extAuthz(name: string): object {
  const http = httpProviders[name];
  const given = http ?? grpcProviders[name] ?? {};
  const timeout = given["timeout"] ?? "600s";
  const body = given["includeRequestBodyInCheck"] as Readonly<Record<string, unknown>> | undefined;
  const common = {
    "@type": type("http.ext_authz.v3.ExtAuthz"),
    transport_api_version: "V3",
    failure_mode_allow: given["failOpen"] ?? false,
    ...(given["statusOnError"] === undefined ? {} : { status_on_error: { code: Number(given["statusOnError"]) } }),
    ...(body === undefined
      ? {}
      : {
          with_request_body: {
            max_request_bytes: body["maxRequestBytes"],
            allow_partial_message: body["allowPartialMessage"] ?? false,
            pack_as_bytes: body["packAsBytes"] ?? false,
          },
        }),
    filter_enabled_metadata: {
      filter: "envoy.filters.http.rbac",
      path: [{ key: "istio_ext_authz_shadow_effective_policy_id" }],
      value: { string_match: { prefix: "istio-ext-authz" } },
    },
  };
  if (http === undefined) {
    const service = { envoy_grpc: { cluster_name: "grpc", authority: hostname }, timeout };
    return { ...common, grpc_service: service, include_peer_certificate: true, include_tls_session: true };
  }
  const additional = Object.entries(
    (http["includeAdditionalHeadersInCheck"] ?? {}) as Readonly<Record<string, string>>,
  );
  const response = {
    ...patterns("allowed_upstream_headers", http["headersToUpstreamOnAllow"]),
    ...patterns("allowed_client_headers", http["headersToDownstreamOnDeny"]),
    ...patterns("allowed_client_headers_on_success", http["headersToDownstreamOnAllow"]),
  };
  return {
    ...common,
    ...patterns("allowed_headers", http["includeRequestHeadersInCheck"]),
    http_service: {
      server_uri: { uri: `http://${hostname}`, cluster: "http", timeout },
      ...(http["pathPrefix"] === undefined ? {} : { path_prefix: http["pathPrefix"] }),
      ...(additional.length === 0
        ? {}
        : { authorization_request: { headers_to_add: additional.map(([key, value]) => ({ key, value })) } }),
      ...(Object.keys(response).length === 0 ? {} : { authorization_response: response }),
    },
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
