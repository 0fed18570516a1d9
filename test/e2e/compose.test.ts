import { cpSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { describeProbe, probePods } from "../../runtime/host/pods/probe.ts";
import { currentUser } from "../../runtime/host/session-folder.ts";
import { hasPostgres, postgresScript } from "./support/postgres.ts";
import { createProject, freePort, until } from "./support/project.ts";

const probe = await probePods(currentUser());
const lacks = [...(probe.ok ? [] : [`network pods: ${describeProbe(probe)}`]), ...(hasPostgres ? [] : ["PostgreSQL"])];
if (lacks.length > 0) console.info(`the compose sample is not run with a real database; missing: ${lacks.join("; ")}`);

const server =
  "import { createServer } from 'node:http'; createServer(async (q, r) => { const up = process.env.UPSTREAM; r.end(up === undefined ? 'orders' : await (await fetch(up)).text()); }).listen(process.env.PORT);";

describe("a compose file with local commands", () => {
  it("runs: variables, published ports, needs, policies of x-mesh; nothing but that is in the way", async () => {
    const port = await freePort();
    await using project = createProject({
      "server.mjs": server,
      ".env": `WEB_PORT=${port}\n`,
      "compose.yaml": `name: shop
services:
  web:
    build: ./web
    ports: ["\${WEB_PORT}:8080"]
    environment: ["UPSTREAM=http://orders:8080/", "PORT=8080"]
    depends_on: { orders: { condition: service_healthy } }
    networks: [front]
    x-mesh: { run: node server.mjs, protocol: http }
  orders:
    image: orders:1
    expose: ["8080"]
    x-mesh: { protocol: http }
  stranger:
    image: stranger:1
    profiles: [debug]
networks: { front: {} }
x-mesh: { policies: ./istio }
`,
      "istio/orders.yaml": `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: orders }
spec:
  selector: { matchLabels: { app: orders } }
  rules: [{ from: [{ source: { principals: [cluster.local/ns/default/sa/web] } }] }]
`,
    });
    const started = await project.meshdev("up", "compose.yaml", "-d", "--run", "orders=node server.mjs");
    expect(started).toMatchObject({ code: 0 });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("orders");
    const { stdout } = await project.meshdev("ps");
    expect(stdout).toContain("spiffe://cluster.local/ns/default/sa/orders");
    expect(stdout).not.toContain("stranger");
    expect(await project.meshdev("send", "orders", "orders", "GET", "/", "--expect", "403")).toMatchObject({ code: 0 });
    const checked = await project.meshdev("check", "-f", "compose.yaml");
    expect(checked.stdout).toContain("compose.yaml:8:5 warning MD2036 networks do not separate services here");
    expect(await project.meshdev("can", "web", "orders", "GET", "/", "--expect", "allow")).toMatchObject({ code: 0 });
  });

  it("what would pass the sidecar by is refused before anything starts", async () => {
    await using project = createProject({
      "compose.yaml": "services:\n  web:\n    image: web:1\n    network_mode: host\n",
    });
    const refused = await project.meshdev("up", "-d");
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.stderr).toContain("compose.yaml:4:");
    expect(refused.stderr).toContain("MD2037");
  });
});

describe.skipIf(lacks.length > 0)("samples/compose", () => {
  it("counts visits in a real PostgreSQL, which only the web server reaches", async () => {
    const port = await freePort();
    await using project = createProject({
      ".env": `WEB_PORT=${port}\n`,
      "run-postgres.sh": postgresScript("postgres"),
    });
    cpSync(resolve(import.meta.dirname, "../../samples/compose"), project.directory, { recursive: true });
    const runs = { web: "node web/server.mjs", report: "node web/report.mjs", db: "sh run-postgres.sh" };
    const args = Object.entries(runs).flatMap(([name, command]) => ["--run", `${name}=${command}`]);
    expect(await project.meshdev("up", "-d", "--capture=pods", ...args)).toMatchObject({ code: 0 });
    const page = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();
    expect(await page()).toBe("visit 1\n");
    expect(await page()).toBe("visit 2\n");
    await until("the refusal of the neighbour", async () =>
      (await project.meshdev("why")).stdout.includes("report-1") ? true : undefined,
    );
    expect(await project.meshdev("test")).toMatchObject({ code: 0 });
  });
});
