import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { describe, expect, it } from "vitest";
import { parseDocuments } from "../../../runtime/config/documents.ts";
import { parseProject, type ProjectSpec } from "../../../runtime/config/project.ts";
import { projectSchema } from "../../../runtime/config/project-schema.ts";

function read(text: string, env: Readonly<Record<string, string>> = {}): ProjectSpec {
  const { value, problems } = parseProject({ path: "meshdev.yaml", text }, env);
  if (value === undefined) throw new Error(problems.map((problem) => problem.message).join("\n"));
  return value;
}

const full = `name: shop
services:
  orders:
    run: ["go", "run", "./cmd/orders"]
    cwd: services/orders
    env: { LOG_LEVEL: debug, RETRIES: 3, TRACE: true, EMPTY: }
    ports:
      - { name: http, port: 80, target: 8080, protocol: http }
      - { name: grpc, port: 9090, protocol: grpc }
      - 7000/tcp
    publish: ["3000:80", 3001]
    namespace: shop
    serviceAccount: buyer
    labels: { version: v2 }
    annotations: { note: x }
    instances: 2
    needs: { db: ready }
    ready: { http: /healthz, every: 500ms }
    sidecar: true
  db:
    run: postgres
    port: 5432/tcp
    ready: spawn
variants:
  orders-v3: { extends: orders, run: ./orders-v3, labels: { version: v3 } }
mesh: [./istio, extra.yaml]
meshConfig: { trustDomain: corp }
features: { PILOT_HTTP10: 1 }
x-anything: [1]
`;

describe("a project file", () => {
  it("is read whole", () => {
    const project = read(full);
    expect(project).toMatchObject({
      name: "shop",
      mesh: ["./istio", "extra.yaml"],
      meshConfig: { trustDomain: "corp" },
      features: { PILOT_HTTP10: "1" },
    });
    expect(project.services[0]).toMatchObject({
      key: "orders",
      at: { file: "meshdev.yaml", line: 3, column: 3 },
      run: ["go", "run", "./cmd/orders"],
      env: { LOG_LEVEL: "debug", RETRIES: "3", TRACE: "true", EMPTY: "" },
      ports: [
        { name: "http", port: 80, target: 8080, protocol: "http" },
        { name: "grpc", port: 9090, target: 9090, protocol: "grpc" },
        { name: "tcp-7000", port: 7000, target: 7000, protocol: undefined },
      ],
      publish: [
        { hostPort: 3000, port: 80 },
        { hostPort: 3001, port: undefined },
      ],
      instances: 2,
      needs: ["db"],
      ready: { kind: "http", path: "/healthz", port: undefined, everyMs: 500 },
    });
    expect(project.services[1]).toMatchObject({ ports: [{ name: "tcp", port: 5432 }], ready: { kind: "spawn" } });
    expect(project.variants[0]).toMatchObject({ key: "orders-v3", extends: "orders", ports: undefined });
  });

  it.each([
    ["port: 8080", [{ name: "http", port: 8080, target: 8080 }]],
    ["port: 5432/tcp", [{ name: "tcp", port: 5432, target: 5432 }]],
    ["port: 9090/grpc", [{ name: "grpc", port: 9090, target: 9090 }]],
    ["port: 53/UDP", [{ name: "udp", transport: "UDP" }]],
    ["ports: [{ port: 80, protocol: redis }]", [{ name: "redis", protocol: "redis" }]],
    ["ports: [{ port: 80 }, { port: 81 }]", [{ name: "http-80" }, { name: "http-81" }]],
    ["ports: [{ port: 80, protocol: kubernetes.io/ws }]", [{ name: "port", protocol: "kubernetes.io/ws" }]],
  ])("%s", (line, ports) => {
    expect(read(`services: { a: { run: x, ${line} } }`).services[0]?.ports).toMatchObject(ports);
  });

  it.each([
    ["services: { a: { run: x, prot: 1 } }", "MD1002", "services.a.prot", "prot: did you mean port?"],
    ["servces: {}", "MD1002", "servces", "servces: did you mean services?"],
    [
      "services: { a: { run: x, ports: [{ port: 1, targt: 2 }] } }",
      "MD1002",
      "services.a.ports[0].targt",
      "targt: did you mean target?",
    ],
    ["services: { a: { run: x, port: 99999 } }", "MD1003", "services.a.port", undefined],
    ["services: { a: { run: x, port: http } }", "MD1003", "services.a.port", undefined],
    ["services: { a: { run: x, port: 1, ports: [] } }", "MD1003", "services.a.ports", undefined],
    ["services: { a: { run: x, ports: { http: 1 } } }", "MD1003", "services.a.ports", undefined],
    ["services: { a: { run: x, ports: [{ name: x }] } }", "MD1003", "services.a.ports[0]", undefined],
    ["services: { a: { run: x, ports: [{ name: A_B, port: 1 }] } }", "MD1003", "services.a.ports[0].name", undefined],
    ["services: { a: { run: 7 } }", "MD1003", "services.a.run", undefined],
    ["services: { a: { run: [[x]] } }", "MD1003", "services.a.run[0]", undefined],
    ["services: { a: x }", "MD1003", "services.a", undefined],
    ["services: [a]", "MD1003", "services", undefined],
    ["services: { A_b: { run: x } }", "MD1003", "services.A_b", undefined],
    ["services: { a: { run: x, publish: 0 } }", "MD1003", "services.a.publish", undefined],
    ["services: { a: { run: x, publish: '1:2:3' } }", "MD1003", "services.a.publish", undefined],
    ["services: { a: { run: x, sidecar: maybe } }", "MD1003", "services.a.sidecar", undefined],
    ["services: { a: { run: x, namespace: A } }", "MD1003", "services.a.namespace", undefined],
    ["services: { a: { run: x, labels: { 'a b': c } } }", "MD1003", "services.a.labels.a b", undefined],
    ["services: { a: { run: x, env: { A: [1] } } }", "MD1003", "services.a.env.A", undefined],
    ["services: { a: { run: x, instances: -1 } }", "MD1003", "services.a.instances", undefined],
    ["services: { a: { run: x, needs: 5 } }", "MD1003", "services.a.needs", undefined],
    ["services: { a: { run: x, needs: { b: healthy } } }", "MD1003", "services.a.needs.b", undefined],
    ["services: { a: { run: x, ready: soon } }", "MD1003", "services.a.ready", undefined],
    ["services: { a: { run: x, ready: { every: 1s } } }", "MD1003", "services.a.ready", undefined],
    ["services: { a: { run: x, ready: { http: x } } }", "MD1003", "services.a.ready.http", undefined],
    ["services: { a: { run: x, ready: { http: /, every: often } } }", "MD1003", "services.a.ready.every", undefined],
    ["variants: { a: { run: x } }", "MD1003", "variants.a", undefined],
    ["- a", "MD1003", "", undefined],
    ["services: {}\nservices: {}", "MD1009", undefined, undefined],
    ["services: [", "MD1001", undefined, undefined],
    ["# nothing", "MD1003", undefined, "run `meshdev init`"],
    ["a: 1\n---\nb: 2", "MD1003", undefined, undefined],
  ])("%s is refused with its place", (text, code, field, hint) => {
    const { value, problems } = parseProject({ path: "meshdev.yaml", text }, {});
    expect(value).toBeUndefined();
    const found = problems.find((problem) => problem.code === code && problem.field === field);
    expect(found).toMatchObject({
      severity: "error",
      at: { file: "meshdev.yaml" },
      ...(hint === undefined ? {} : { hint }),
    });
  });

  it("reports all faults together", () => {
    const { problems } = parseProject(
      { path: "meshdev.yaml", text: "nme: x\nservices:\n  a: { rnu: x, port: 0 }\n  b: { run: x, sidecr: no }\n" },
      {},
    );
    expect(problems.map((problem) => problem.at?.line)).toEqual([1, 3, 3, 4]);
    expect(problems[1]?.excerpt).toEqual({ text: "  a: { rnu: x, port: 0 }", from: 7, to: 10 });
  });

  it("never crashes on a cut file", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: full.length }), fc.string({ unit: "binary", maxLength: 5 }), (at, junk) => {
        const { value, problems } = parseProject({ path: "meshdev.yaml", text: full.slice(0, at) + junk }, {});
        expect(value === undefined).toBe(problems.some((problem) => problem.severity === "error"));
      }),
      { numRuns: 300 },
    );
  });
});

describe("variables", () => {
  const text =
    'services: { a: { run: "echo ${HOME}", cwd: "${DIR:-src}", port: "${PORT:-8080}", env: { COST: "5$$", A: "${UNSET}", E: "${EMPTY-x}" } } }';

  it("are replaced with defaults, except in a shell's command", () => {
    const { value, problems } = parseProject({ path: "meshdev.yaml", text }, { PORT: "9090", EMPTY: "" });
    expect(value?.services[0]).toMatchObject({
      run: "echo ${HOME}",
      cwd: "src",
      ports: [{ port: 9090 }],
      env: { COST: "5$", A: "", E: "" },
    });
    expect(problems).toEqual([
      expect.objectContaining({ code: "MD1011", severity: "warning", field: "services.a.env.A" }),
    ]);
  });

  it("stay as they are until an environment is known", () => {
    const { value, problems } = parseProject({ path: "meshdev.yaml", text });
    expect(problems).toEqual([]);
    expect(value).toMatchObject({ interpolated: false, services: [{ cwd: "${DIR:-src}", ports: [] }] });
  });

  it("are not looked up in the object's own methods", () => {
    expect(read('services: { a: { run: x, cwd: "${toString:-d}" } }').services[0]?.cwd).toBe("d");
  });
});

describe("what init writes", () => {
  it("is a valid project with a valid mesh folder", () => {
    const folder = join(import.meta.dirname, "../../../templates/init");
    const text = readFileSync(join(folder, "meshdev.yaml"), "utf8")
      .replace("{{schema}}", ".meshdev/project.schema.json")
      .replace("{{name}}", "shop")
      .replace("{{services}}", "  web:\n    run: npm start\n    port: 3000");
    expect(text).not.toContain("{{");
    expect(parseProject({ path: "meshdev.yaml", text }, {})).toMatchObject({
      problems: [],
      value: { name: "shop", mesh: ["./mesh"] },
    });
    const mesh = parseDocuments({ path: "mtls.yaml", text: readFileSync(join(folder, "mesh/mtls.yaml"), "utf8") });
    expect(mesh.documents.map((document) => document.problems)).toEqual([[]]);
  });
});

describe("the JSON Schema", () => {
  const validate = new Ajv2020({ strict: false }).compile(projectSchema);

  it("accepts what the parser accepts", () => {
    validate(parse(full));
    expect(validate.errors).toBeNull();
  });

  it.each([
    "services: { a: { run: x, env_file: a.env } }",
    "services: { a: { run: x, env_file: [a.env, { path: b.env, required: false }] } }",
    "services: { a: { run: x, profiles: [ci], watch: src } }",
    "services: { a: { run: x, watch: [src, '!gen'], restart: 'on-failure:3' } }",
    "services: { a: { run: x, watch: { paths: [src], ignore: gen, debounce: 1s }, restart: no } }",
    "services: {}\nprofiles: { ci: { ui: plain, watch: false }, dev: }",
  ])("accepts %s as the parser does", (text) => {
    expect(validate(parse(text))).toBe(true);
    expect(parseProject({ path: "meshdev.yaml", text }, {}).problems).toEqual([]);
  });

  it.each([
    "services: { a: { run: x, env_file: { file: a } } }",
    "services: { a: { run: x, watch: { path: src } } }",
    "services: { a: { run: x, watch: [[src]] } }",
    "services: { a: { run: x, restart: sometimes } }",
    "services: { a: { run: x, profiles: { a: b } } }",
    "profiles: { ci: { iu: plain } }",
    "profiles: { ci: { ui: loud } }",
    "services: { a: { run: x, prot: 1 } }",
    "services: { a: { run: x, port: 99999 } }",
    "servces: {}",
    "variants: { a: { run: x } }",
    "services: { a: { run: [] } }",
    "services: { A: { run: x } }",
  ])("refuses %s as the parser does", (text) => {
    expect(validate(parse(text))).toBe(false);
    expect(parseProject({ path: "meshdev.yaml", text }, {}).value).toBeUndefined();
  });
});
