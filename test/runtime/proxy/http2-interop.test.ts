import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { findProgram } from "../../bench/chains/program.ts";
import { createProxyWorld } from "../../support/proxy-world.ts";
import type { ProxyWorld } from "../../support/proxy-world.ts";

const run = promisify(execFile);
const project = "services:\n  backend: {run: x, ports: [{name: http2, port: 8081}]}\n";

const curl = findProgram("curl", "MESHDEV_CURL");
const envoyProgram = findProgram("envoy", "MESHDEV_ENVOY");

/** An application that answers with what it got, in trailers what is left. */
async function echo(world: ProxyWorld): Promise<void> {
  await world.http2("backend-1", 8081, (stream, headers) => {
    let size = 0;
    stream.on("data", (chunk: Buffer) => (size += chunk.length));
    stream.on("end", () => {
      stream.respond({ ":status": 200, "x-method": String(headers[":method"]) }, { waitForTrailers: true });
      stream.on("wantTrailers", () => {
        stream.sendTrailers({ "x-size": String(size) });
      });
      stream.end("y".repeat(size));
    });
  });
}

test.skipIf(curl === undefined)(`curl speaks with us${curl === undefined ? ": no curl in PATH" : ""}`, async () => {
  await using world = await createProxyWorld({ project });
  await echo(world);
  const { host, port } = world.inbound("backend-1", 8081);
  const folder = mkdtempSync(join(tmpdir(), "md-curl-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const file = join(folder, "body");
  writeFileSync(file, "x".repeat(300_000));
  const { stdout } = await run(
    curl ?? "",
    ["-sS", "--http2-prior-knowledge", "--data-binary", `@${file}`, "-D", "-", `http://${host}:${port}/big`],
    { maxBuffer: 2 ** 22 },
  );
  expect(stdout).toMatch(/^HTTP\/2 200/);
  expect(stdout).toContain("x-method: POST");
  expect(stdout).toContain("x-size: 300000");
  expect(stdout).toMatch(/^y{300000}/m);
});

/** Envoy that takes HTTP/1 and HTTP/2 and asks an upstream in HTTP/2. */
async function startEnvoy(upstream: { readonly host: string; readonly port: number }): Promise<number> {
  const port = await freePort();
  const type = (name: string): string => `type.googleapis.com/envoy.${name}`;
  const options = "extensions.upstreams.http.v3.HttpProtocolOptions";
  const config = {
    static_resources: {
      listeners: [
        {
          name: "in",
          address: { socket_address: { address: "127.0.0.1", port_value: port } },
          filter_chains: [
            {
              filters: [
                {
                  name: "http",
                  typed_config: {
                    "@type": type("extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
                    stat_prefix: "in",
                    http_filters: [
                      {
                        name: "router",
                        typed_config: { "@type": type("extensions.filters.http.router.v3.Router") },
                      },
                    ],
                    route_config: {
                      virtual_hosts: [
                        { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "up" } }] },
                      ],
                    },
                  },
                },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          name: "up",
          type: "STATIC",
          connect_timeout: "5s",
          typed_extension_protocol_options: {
            [`envoy.${options}`]: {
              "@type": type(options),
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
          load_assignment: {
            cluster_name: "up",
            endpoints: [
              {
                lb_endpoints: [
                  { endpoint: { address: { socket_address: { address: upstream.host, port_value: upstream.port } } } },
                ],
              },
            ],
          },
        },
      ],
    },
  };
  const text = JSON.stringify(config);
  const child = spawn(
    envoyProgram ?? "",
    ["--config-yaml", text, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"],
    { stdio: "ignore" },
  );
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return port;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => {
    server.listen(0, "127.0.0.1", done);
  });
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === "object" && address !== null ? address.port : 0;
}

test.skipIf(envoyProgram === undefined)(
  `Envoy speaks with us${envoyProgram === undefined ? ": no envoy in PATH" : ""}`,
  { timeout: 60_000 },
  async () => {
    await using world = await createProxyWorld({ project });
    await echo(world);
    const envoy = await startEnvoy(world.inbound("backend-1", 8081));
    const ask = async (size: number): Promise<string> => {
      const answer = await fetch(`http://127.0.0.1:${envoy}/`, { method: "POST", body: "x".repeat(size) });
      return `${answer.status} ${answer.headers.get("x-method") ?? ""} ${(await answer.text()).length}`;
    };
    await vi.waitFor(async () => {
      expect(await ask(1)).toBe("200 POST 1");
    }, 50_000);
    const sizes = [0, 1, 16_384, 16_385, 65_535, 65_536, 500_000, 3_000_000];
    const answers = await Promise.all(Array.from({ length: 40 }, (_, at) => ask(sizes[at % sizes.length] ?? 0)));
    expect(answers).toEqual(Array.from({ length: 40 }, (_, at) => `200 POST ${sizes[at % sizes.length] ?? 0}`));
    expect(new Set(world.exchanges("inbound").map(({ protocol }) => protocol))).toEqual(new Set(["HTTP/2"]));
  },
);
