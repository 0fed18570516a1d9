import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isComposeFile } from "../../../../runtime/config/compose/compose.ts";
import { parseProject } from "../../../../runtime/config/project.ts";
import type { ProjectSpec } from "../../../../runtime/config/project.ts";
import { type LoadResult, loadMesh } from "../../../../runtime/control/load.ts";
import { projectYaml } from "../../../../runtime/config/resolved-project.ts";
import type { Mesh, Workload } from "../../../../runtime/model/mesh.ts";

type Env = Readonly<Record<string, string>>;

function parse(text: string, env: Env = {}, ...overlays: readonly string[]): ReturnType<typeof parseProject> {
  const file = (path: string, content: string): { path: string; text: string } => ({ path, text: content });
  return parseProject(
    file("compose.yaml", text),
    env,
    overlays.map((content, index) => file(`compose.${index}.yaml`, content)),
  );
}

function specOf(text: string, env: Env = {}, ...overlays: readonly string[]): ProjectSpec {
  const { value, problems } = parse(text, env, ...overlays);
  if (value === undefined) throw new Error(JSON.stringify(problems, undefined, 1));
  return value;
}

function translated(service: string, env: Env = {}): unknown {
  const { services } = specOf(`services: { web: { image: w, ${service} }, db: { image: d } }`, env).value as {
    readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  const { image: _, ...rest } = services["web"] ?? {};
  return rest;
}

function problemsOf(text: string, env: Env = {}): readonly string[] {
  return parse(text, env).problems.map(
    ({ code, severity, message, at }) => `${at?.line}:${at?.column} ${severity} ${code} ${message}`,
  );
}

function load(text: string, path = "compose.yaml"): LoadResult {
  return loadMesh(undefined, {
    directory: "/shop",
    paths: { files: [path], dotenv: [], optional: [], profiles: [] },
    files: [{ path, text }],
    env: {},
    problems: [],
  });
}

describe("what a compose file becomes", () => {
  it.each<[string, string, Readonly<Record<string, unknown>>]>([
    ["environment as a map", "environment: { A: 1, B: two }", { env: { A: 1, B: "two" } }],
    ["environment as a list", "environment: [A=1, B=x=y]", { env: { A: "1", B: "x=y" } }],
    ["variables that are passed on", "environment: [HOME, NOT_SET]", { env: { HOME: "/root" } }],
    ["a published port", "ports: ['8080:80']", { ports: [{ name: "port-80", port: 80 }], publish: ["8080:80"] }],
    ["a port of a server that speaks first", "expose: [5432]", { ports: [{ name: "tcp-postgres", port: 5432 }] }],
    [
      "a range",
      "ports: ['8000-8001:80-81']",
      {
        ports: [
          { name: "port-80", port: 80 },
          { name: "port-81", port: 81 },
        ],
        publish: ["8000:80", "8001:81"],
      },
    ],
    [
      "the long form",
      "ports: [{ target: 80, published: '8080', app_protocol: http, name: web }]",
      { ports: [{ name: "web", port: 80, protocol: "http" }], publish: ["8080:80"] },
    ],
    [
      "a protocol for all",
      "expose: [80], x-mesh: { protocol: grpc }",
      { ports: [{ name: "port-80", port: 80, protocol: "grpc" }] },
    ],
    ["needs", "depends_on: [db]", { needs: { db: "started" } }],
    ["needs with conditions", "depends_on: { db: { condition: service_healthy } }", { needs: { db: "ready" } }],
    [
      "needs that end",
      "depends_on: { db: { condition: service_completed_successfully } }",
      { needs: { db: "completed" } },
    ],
    ["needs that may be missing", "depends_on: { cache: { condition: service_started, required: false } }", {}],
    ["restart", "restart: unless-stopped", { restart: "always" }],
    [
      "instances",
      "deploy: { replicas: 3, resources: { limits: { memory: 64m, cpus: '0.5' } } }",
      { instances: 3, mem_limit: "64m", cpus: "0.5" },
    ],
    ["build arguments as a list", "build: { context: ., args: [A=1] }", { build: { context: ".", args: { A: "1" } } }],
    [
      "mounts, the later of one target",
      "volumes: [./a:/x, ./b:/x, data:/y], tmpfs: /run",
      { volumes: ["./b:/x", "data:/y", { type: "tmpfs", target: "/run" }] },
    ],
    [
      "watched files",
      "develop: { watch: [{ action: restart, path: ./src, ignore: [node_modules/] }] }",
      { watch: { paths: ["src/**"], ignore: ["**/node_modules"] } },
    ],
    [
      "mesh facts",
      "x-mesh: { namespace: shop, serviceAccount: w, labels: { version: v2 } }",
      { namespace: "shop", serviceAccount: "w", labels: { version: "v2" } },
    ],
    [
      "health",
      "healthcheck: { test: [CMD, true], interval: 1s, start_interval: 1s }",
      { healthcheck: { test: ["CMD", true], interval: "1s" } },
    ],
    ["dollar signs", "command: [echo, '$$HOME ${TAG}']", { command: ["echo", "$$HOME v1"] }],
  ])("%s", (_, service, expected) => {
    expect(translated(service, { HOME: "/root", TAG: "v1" })).toEqual(expected);
  });

  it("a service with x-mesh.run is a process, without what only containers have", () => {
    expect(translated("command: x, volumes: [./a:/a], x-mesh: { run: npm start, cwd: web }")).toEqual({
      run: "npm start",
      cwd: "web",
    });
  });

  it("facts about the mesh stand in x-mesh of the file", () => {
    expect(specOf("name: My_Shop\nservices: {}\nx-mesh: { policies: ./istio, features: { A: 1 } }")).toMatchObject({
      name: "my-shop",
      mesh: ["./istio"],
      features: { A: "1" },
    });
  });

  it("further files are laid over it, of both kinds", () => {
    const spec = specOf(
      "services: { web: { image: a, environment: { A: 1 }, command: [a, b], healthcheck: { test: [CMD, a] } } }",
      {},
      "services: { web: { image: b, environment: { B: 2 }, command: [c], healthcheck: { test: [CMD, b] } } }",
    );
    expect(spec.services[0]).toMatchObject({
      env: { A: "1", B: "2" },
      container: { image: "b", command: ["c"], healthcheck: { test: ["CMD", "b"] } },
    });
  });

  it("services extend others of the file", () => {
    const text =
      "services: { base: { image: a, environment: { A: 1 } }, web: { extends: { service: base }, environment: { B: 2 } } }";
    expect(specOf(text).services[1]).toMatchObject({ key: "web", env: { A: "1", B: "2" }, container: { image: "a" } });
  });

  it("its workloads are those of the mesh", () => {
    const result = load(
      "services: { web: { image: w, expose: [80], x-mesh: { namespace: shop } }, db: { image: d, expose: [5432] } }",
    );
    if (result.kind === "rejected") throw new Error(JSON.stringify(result.problems));
    const { workloads, services } = result.loaded.mesh;
    expect(workloads.map(({ id, sidecar }: Workload) => [id, sidecar])).toEqual([
      ["web-1.shop", true],
      ["db-1", true],
    ]);
    expect(services.map(({ hostname, ports }) => [hostname, ports[0]?.protocol])).toEqual([
      ["web.shop.svc.cluster.local", "auto"],
      ["db.default.svc.cluster.local", "tcp"],
    ]);
  });
});

describe("import", () => {
  const text = `
name: shop
services:
  web:
    build: { context: ./web, args: [A=1] }
    command: sh -c 'echo $$HOME'
    ports: ["8080:80", "9090:90/udp"]
    environment: ["TAG=\${TAG:-v1}", "COST=5$$"]
    depends_on: { db: { condition: service_healthy } }
    volumes: [./web:/web:ro, data:/data]
    deploy: { replicas: 2 }
    x-mesh: { namespace: shop, protocol: http, labels: { version: v2 } }
  db:
    image: postgres:17
    expose: [5432]
    healthcheck: { test: pg_isready, interval: 1s }
  job: { image: job, restart: "no", x-mesh: { run: "echo $HOME" } }
volumes: { data: {} }
x-mesh: { meshConfig: { trustDomain: example.org } }
`;

  it("the project file that is printed means the same mesh", () => {
    const before = load(text);
    if (before.kind === "rejected") throw new Error(JSON.stringify(before.problems));
    const printed = projectYaml(before.loaded.project.value);
    const after = load(printed, "meshdev.yaml");
    if (after.kind === "rejected") throw new Error(JSON.stringify(after.problems));
    const withoutPlaces = (mesh: Mesh): unknown =>
      JSON.parse(JSON.stringify(mesh, (key, value: unknown) => (key === "at" ? undefined : value)));
    expect(withoutPlaces(after.loaded.mesh)).toEqual(withoutPlaces(before.loaded.mesh));
    expect(after.loaded.mesh.workloads).toHaveLength(4);
  });
});

describe("what is wrong or not obeyed is said with its place", () => {
  it.each<[string, string, readonly string[]]>([
    [
      "an unknown key",
      "services:\n  web:\n    image: a\n    enviroment: {}\n",
      ["4:5 error MD1002 unknown key services.web.enviroment"],
    ],
    ["an unknown key of the file", "servces: {}\n", ["1:1 error MD1003", "1:1 error MD1002 unknown key servces"]],
    [
      "no port",
      "services:\n  web:\n    image: a\n    ports:\n      - '80:http'\n",
      ["5:9 error MD1003 80:http is no port"],
    ],
    [
      "no condition",
      "services:\n  web:\n    image: a\n    depends_on: { db: { condition: ready } }\n  db: { image: d }\n",
      ["4:19 error MD1003 ready is no condition"],
    ],
    [
      "a wrong type behind the translation",
      "services:\n  web:\n    image: a\n    healthcheck: { test: [CMD, x], retries: many }\n",
      ["4:45 error MD1003"],
    ],
    [
      "networks, once",
      "services:\n  a: { image: a, networks: [x] }\n  b: { image: b, networks: [x] }\n",
      [
        "2:18 warning MD2036 networks do not separate services here: say with an AuthorizationPolicy who may call whom (2 services)",
      ],
    ],
    [
      "an address that is not ours",
      "services:\n  a: { image: a, ports: ['0.0.0.0:80:80'] }\n",
      ["2:26 info MD2036 ports are published on localhost only"],
    ],
    [
      "the host's network",
      "services:\n  a: { image: a, network_mode: host }\n",
      ["2:32 error MD2037 a asks for network_mode: host"],
    ],
    [
      "privileges",
      "services:\n  a: { image: a, privileged: true }\n",
      ["2:30 error MD2037 a asks for privileged: true"],
    ],
    [
      "the engine's socket",
      "services:\n  a: { image: a, volumes: ['/var/run/docker.sock:/var/run/docker.sock'] }\n",
      ["2:28 error MD2037 a asks for the socket"],
    ],
    ["another file to include", "include: [other.yaml]\nservices: {}\n", ["1:1 error MD2037 include is not followed"]],
    [
      "a circle of extends",
      "services:\n  a: { extends: b }\n  b: { extends: a }\n",
      ["2:17 error MD1003 these extend each other", "3:17 error MD1003 these extend each other"],
    ],
    [
      "a variable that must be set",
      "services:\n  a: { image: '${IMAGE:?which}' }\n",
      ["2:15 error MD1003 services.a.image: IMAGE must be set: which"],
    ],
    [
      "a variable that is not set",
      "services:\n  a: { image: 'a${TAG}' }\n",
      ["2:15 warning MD1011 the variable TAG is not set"],
    ],
  ])("%s", (_, text, expected) => {
    const found = problemsOf(text);
    expect(found.map((line, index) => line.slice(0, expected[index]?.length ?? 0) || line)).toEqual(expected);
  });

  it("a circle of needs", () => {
    const result = load("services:\n  a: { image: a, depends_on: [b] }\n  b: { image: b, depends_on: [a] }\n");
    expect(result.kind === "rejected" && result.problems.map(({ code, at }) => [code, at?.file, at?.line])).toEqual([
      ["MD2007", "compose.yaml", 2],
    ]);
  });

  it("never throws, whatever it holds", () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const keys = [
      "image",
      "build",
      "environment",
      "ports",
      "expose",
      "volumes",
      "depends_on",
      "healthcheck",
      "deploy",
      "develop",
      "extends",
      "secrets",
      "tmpfs",
      "x-mesh",
      "privileged",
      "networks",
    ];
    const service = fc.dictionary(fc.constantFrom(...keys), value);
    const file = fc.record(
      {
        services: fc.oneof(value, fc.dictionary(fc.constantFrom("a", "b"), service)),
        secrets: value,
        volumes: value,
        "x-mesh": value,
        include: value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(file, (content) => {
        expect(() => parse(JSON.stringify(content))).not.toThrow();
      }),
      { numRuns: 400 },
    );
  });
});

it.each([
  ["compose.yaml", {}, true],
  ["a/docker-compose.prod.yml", {}, true],
  ["shop.compose.yaml", {}, true],
  ["stack.yaml", { services: { a: { image: "x", environment: {} } } }, true],
  ["stack.yaml", { services: { a: { run: "x" } } }, false],
  ["meshdev.yaml", { services: { a: { environment: {} } } }, false],
])("%s with %j is one of Compose: %s", (path, value, expected) => {
  expect(isComposeFile(path, value)).toBe(expected);
});
