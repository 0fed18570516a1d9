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
import { authorizerCluster, httpExtAuthz } from "./ext-authz-config.ts";

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
        authorizerCluster("app", { pipe: { path: app } }, false),
        authorizerCluster("http", { socket_address: { address: http.host, port_value: http.port } }, false),
        authorizerCluster("grpc", { socket_address: { address: grpc.host, port_value: grpc.port } }, true),
      ],
    },
  };
}

function asked(name: string): Parameters<typeof httpExtAuthz>[0] {
  const http = httpProviders[name];
  const protocol = http === undefined ? "grpc" : "http";
  const settings = http ?? grpcProviders[name] ?? {};
  return { protocol, settings, cluster: protocol, hostname, enabledBy: "istio-ext-authz" };
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
    { name: "envoy.filters.http.ext_authz", typed_config: httpExtAuthz(asked(name)) },
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
