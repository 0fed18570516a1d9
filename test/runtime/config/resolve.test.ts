import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Checked } from "../../../runtime/core/problem.ts";
import { acceptFiles } from "../../../runtime/config/accept.ts";
import { assignAddresses } from "../../../runtime/config/addresses.ts";
import { describeChanges } from "../../../runtime/config/changes.ts";
import { describeDifferences } from "../../../runtime/config/differences.ts";
import { parseDocuments } from "../../../runtime/config/documents.ts";
import { parseProject } from "../../../runtime/config/project.ts";
import { resolve } from "../../../runtime/config/resolve.ts";
import type { Mesh } from "../../../runtime/model/mesh.ts";

function check(project: string, mesh = "", previous?: Mesh): Checked<Mesh> {
  const { value, problems } = parseProject({ path: "meshdev.yaml", text: project }, {});
  if (value === undefined) throw new Error(JSON.stringify(problems));
  const accepted = acceptFiles(undefined, [parseDocuments({ path: "mesh.yaml", text: mesh })]);
  if (accepted.missing.length > 0) throw new Error(JSON.stringify(accepted.problems));
  return resolve(value, accepted.resources, {
    directory: "/home/dev/shop",
    env: {},
    ...(previous === undefined ? {} : { previous }),
  });
}

function meshOf(project: string, mesh = "", previous?: Mesh): Mesh {
  const { value, problems } = check(project, mesh, previous);
  if (value === undefined) throw new Error(JSON.stringify(problems));
  return value;
}

function document(group: string, kind: string, name: string, spec: string, metadata = ""): string {
  return `---\napiVersion: ${group}\nkind: ${kind}\nmetadata: { name: ${name}${metadata} }\nspec: ${spec}\n`;
}
function services(keys: readonly string[]): string {
  return `services: { ${keys.map((key) => `${key}: { run: x, port: 80, instances: 3 }`).join(", ")} }`;
}

const networking = "networking.istio.io/v1";
const security = "security.istio.io/v1";
const two = "services: { a: { run: x, port: 8080 }, b: { run: x, port: 8080 } }";

describe("the demo project", () => {
  it("resolves to the golden mesh without a finding", async () => {
    const folder = join(import.meta.dirname, "../../../samples/frontend-backend");
    const read = (path: string): { path: string; text: string } => ({
      path,
      text: readFileSync(join(folder, path), "utf8"),
    });
    const project = parseProject(read("meshdev.yaml"), {});
    const accepted = acceptFiles(undefined, [
      parseDocuments(read("mesh/backend.yaml")),
      parseDocuments(read("mesh/traffic.yaml")),
    ]);
    if (project.value === undefined) throw new Error("the sample is valid");
    const mesh = resolve(project.value, accepted.resources, { directory: "/demo", env: {} });
    expect([...project.problems, ...accepted.problems, ...mesh.problems]).toEqual([]);
    const withoutPositions = JSON.stringify(
      mesh.value,
      (key, value: unknown) => (key === "positions" ? undefined : value),
      2,
    );
    await expect(`${withoutPositions}\n`).toMatchFileSnapshot("../../golden/frontend-backend.mesh.json");
  });
});

describe("a service", () => {
  it("has Kubernetes' and Istio's defaults", () => {
    const mesh = meshOf("services: { orders: { run: npm start, port: 8080 } }");
    expect(mesh).toMatchObject({
      name: "shop",
      config: { trustDomain: "cluster.local", rootNamespace: "istio-system", pathNormalization: "BASE" },
    });
    expect(mesh.workloads[0]).toMatchObject({
      id: "orders-1",
      namespace: "default",
      serviceAccount: "orders",
      labels: { app: "orders", version: "v1" },
      sidecar: true,
      ports: [{ name: "http", port: 8080 }],
      program: { command: "npm start", cwd: "/home/dev/shop", needs: [], ready: { kind: "ports" } },
    });
    expect(mesh.services[0]).toMatchObject({
      hostname: "orders.default.svc.cluster.local",
      selector: { app: "orders" },
      ports: [{ name: "http", port: 8080, target: 8080, protocol: "http" }],
    });
    expect(mesh.services[0]?.address).toMatch(/^10\.96\.\d+\.\d+$/);
    expect(mesh.workloads[0]?.address).toMatch(/^10\.244\.\d+\.\d+$/);
  });

  it("has one workload per instance; the first holds the published ports", () => {
    const mesh = meshOf(
      "services: { a: { run: x, namespace: shop, instances: 2, ports: [{ port: 80, target: 8080 }, { name: grpc, port: 9090 }], publish: ['3000:80', '3001:9090', 3002] } }",
    );
    expect(mesh.workloads.map(({ id, publish }) => ({ id, publish }))).toEqual([
      {
        id: "a-1.shop",
        publish: [
          { hostPort: 3000, port: 8080 },
          { hostPort: 3001, port: 9090 },
          { hostPort: 3002, port: 8080 },
        ],
      },
      { id: "a-2.shop", publish: [] },
    ]);
    expect(mesh.workloads[0]?.ports).toEqual([
      { name: "http-80", port: 8080 },
      { name: "grpc", port: 9090 },
    ]);
  });

  it("without a port is a job: no Service, ready at spawn", () => {
    const mesh = meshOf(
      "services: { job: { run: [x] }, waiting: { run: x, ready: ports }, none: { run: x, instances: 0 } }",
    );
    expect(mesh.services).toEqual([]);
    expect(mesh.workloads.map((workload) => workload.program?.ready.kind)).toEqual(["spawn", "spawn"]);
  });

  it.each([
    ["src/app", "/home/dev/shop/src/app"],
    ["./src/../lib/", "/home/dev/shop/lib"],
    ["../other", "/home/dev/other"],
    ["/abs", "/abs"],
  ])("cwd %s is %s", (cwd, expected) => {
    expect(meshOf(`services: { a: { run: x, cwd: ${cwd} } }`).workloads[0]?.program?.cwd).toBe(expected);
  });

  it("asks the program's own port for readiness", () => {
    expect(
      meshOf("services: { a: { run: x, ports: [{ port: 80, target: 8080 }], ready: { http: /h } } }").workloads[0]
        ?.program?.ready,
    ).toEqual({
      kind: "http",
      path: "/h",
      port: 8080,
      everyMs: 1000,
    });
  });
});

describe("a variant", () => {
  const project =
    "services: { a: { run: x, port: 8080, publish: 3000, namespace: n, env: { A: 1, B: 2 }, instances: 3 } }\nvariants: { a-v2: { extends: a, run: y, env: { B: 3 } } }";

  it("stands behind the same Service with its own version", () => {
    const mesh = meshOf(project);
    expect(mesh.services.map((service) => service.name)).toEqual(["a"]);
    expect(mesh.workloads.at(-1)).toMatchObject({
      id: "a-v2-1.n",
      service: "a-v2",
      serviceAccount: "a",
      labels: { app: "a", version: "v2" },
      ports: [{ port: 8080 }],
      publish: [],
      program: { command: "y", env: { A: "1", B: "3" } },
    });
    expect(mesh.workloads).toHaveLength(4);
  });

  it("may not be of nothing, nor change the namespace", () => {
    expect(check("services: { orders: { run: x } }\nvariants: { v2: { extends: order } }").problems[0]).toMatchObject({
      code: "MD2006",
      hint: "order: did you mean orders?",
    });
    expect(
      check("services: { a: { run: x } }\nvariants: { v2: { extends: a, namespace: z } }").problems[0],
    ).toMatchObject({ code: "MD1003", field: "variants.v2.namespace" });
    expect(check("services: { a: { run: x } }\nvariants: { a: { extends: a } }").problems[0]).toMatchObject({
      code: "MD1003",
      field: "variants.a",
    });
  });
});

describe("contradictions of a project", () => {
  it.each([
    ["services: { a: { run: x, needs: [bb] }, b: { run: x } }", "MD2006", "services.a.needs[0]"],
    [
      "services: { a: { run: x, needs: [b] }, b: { run: x, needs: [c] }, c: { run: x, needs: [b] } }",
      "MD2007",
      "services.b.needs",
    ],
    ["services: { a: { run: x, needs: [a] } }", "MD2007", "services.a.needs"],
    [
      "services: { a: { run: x, port: 1, publish: 80 }, b: { run: x, port: 1, publish: 80 } }",
      "MD2008",
      "services.b.publish",
    ],
    ["services: { a: { run: x, publish: 80 } }", "MD1003", "services.a.publish"],
    ["services: { a: { run: x, port: 1, publish: 80, sidecar: false } }", "MD1003", "services.a.publish"],
    [
      "services: { a: { run: x, ports: [{ name: a, port: 1 }, { name: b, port: 1 }] } }",
      "MD2009",
      "services.a.ports[1]",
    ],
    [
      "services: { a: { run: x, ports: [{ name: a, port: 1 }, { name: a, port: 2 }] } }",
      "MD2009",
      "services.a.ports[1]",
    ],
    ["services: { a: { run: x, labels: { app: b } } }", "MD2010", "services.a.labels.app"],
    ["services: { a: { port: 80 } }", "MD1003", "services.a"],
    ["services: { a: { run: x, ready: { http: / } } }", "MD1003", "services.a.ready"],
    ["services: { a: { run: x } }\nmeshConfig: { rootNamepace: x }", "MD2013", "meshConfig.rootNamepace"],
    [
      "services: { a: { run: x } }\nmeshConfig: { outboundTrafficPolicy: { mode: ALLOW } }",
      "MD2013",
      "meshConfig.outboundTrafficPolicy.mode",
    ],
    ["services: { a: { run: x } }\nmeshConfig: { trustDomain: 'a b' }", "MD2013", "meshConfig.trustDomain"],
    [
      "services: { a: { run: x } }\nmeshConfig: { trustDomainAliases: [''] }",
      "MD2013",
      "meshConfig.trustDomainAliases[0]",
    ],
    ["services: { a: { run: x } }\nmeshConfig: { rootNamespace: A_B }", "MD2013", "meshConfig.rootNamespace"],
  ])("%s", (project, code, field) => {
    const { value, problems } = check(project);
    expect(value).toBeUndefined();
    expect(problems).toEqual([
      expect.objectContaining({
        code,
        field,
        severity: "error",
        at: expect.objectContaining({ file: "meshdev.yaml" }),
        excerpt: expect.anything(),
      }),
    ]);
  });

  it("a UDP port is only warned about", () => {
    const { value, problems } = check("services: { a: { run: x, ports: [80, 53/udp] } }");
    expect(value?.workloads[0]?.ports).toEqual([{ name: "http-80", port: 80 }]);
    expect(problems).toEqual([expect.objectContaining({ code: "MD2016", severity: "warning" })]);
  });

  it("a long chain of needs is no problem", () => {
    const services = Array.from(
      { length: 1000 },
      (_, index) => `  s${index}: { run: x${index === 0 ? "" : `, needs: [s${index - 1}]`} }`,
    );
    expect(check(`services:\n${services.join("\n")}\n`).problems).toEqual([]);
  });
});

describe("Kubernetes documents", () => {
  it("replace the project's Service of the same name", () => {
    const service = document(
      "v1",
      "Service",
      "a",
      "{ selector: { app: a }, ports: [{ name: tcp-x, port: 80, targetPort: http, appProtocol: HTTP2 }] }",
    );
    const { value, problems } = check(two, service);
    expect(value?.services.map((candidate) => candidate.name)).toEqual(["b", "a"]);
    expect(value?.services[1]?.ports).toEqual([{ name: "tcp-x", port: 80, target: 8080, protocol: "http2" }]);
    expect(problems).toEqual([expect.objectContaining({ code: "MD2012", severity: "info", field: "services.a" })]);
  });

  it("add ports to the workloads that they select", () => {
    const mesh = meshOf(
      two,
      document(
        "v1",
        "Service",
        "metrics",
        "{ selector: { version: v1 }, ports: [{ port: 9000 }, { port: 53, protocol: UDP }, { port: 81, targetPort: '8081' }] }",
      ),
    );
    expect(mesh.workloads[1]?.ports.map((port) => port.port)).toEqual([8080, 9000, 8081]);
  });

  it("may be headless, external or without selector", () => {
    const mesh = meshOf(
      two,
      document("v1", "Service", "h", "{ clusterIP: None, selector: { app: a }, ports: [{ port: 80 }] }") +
        document("v1", "Service", "e", "{ type: ExternalName, externalName: example.org }") +
        document("v1", "Service", "bare", "{ ports: [{ port: 5000 }] }"),
    );
    expect(mesh.services.slice(2)).toMatchObject([
      { address: "None" },
      { address: "None", externalName: "example.org" },
      { selector: {} },
    ]);
    expect(mesh.workloads[0]?.ports.map((port) => port.port)).toEqual([8080, 80]);
  });

  it("give namespaces their labels", () => {
    const mesh = meshOf(
      "services: { a: { run: x, namespace: shop } }",
      "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { team: red }, annotations: { note: x } }\n",
    );
    expect(mesh.namespaces).toEqual([
      { name: "default", labels: { "kubernetes.io/metadata.name": "default" }, annotations: {} },
      { name: "shop", labels: { "kubernetes.io/metadata.name": "shop", team: "red" }, annotations: { note: "x" } },
    ]);
  });

  it("of a wrong shape are refused", () => {
    const service = parseDocuments({
      path: "m.yaml",
      text: document("v1", "Service", "a", "{ ports: [{ port: 99999 }] }"),
    });
    expect(service.documents[0]).toMatchObject({
      resource: undefined,
      problems: [{ code: "MD1007", field: "spec.ports[0].port" }],
    });
  });
});

describe("addresses", () => {
  it("of a service do not depend on the others", () => {
    const alone = meshOf("services: { b: { run: x, port: 80 } }");
    const many = meshOf("services: { a: { run: x, port: 80 }, b: { run: x, port: 80 }, c: { run: x, port: 80 } }");
    expect(many.workloads[1]?.address).toBe(alone.workloads[0]?.address);
    expect(many.services[1]?.address).toBe(alone.services[0]?.address);
  });

  it("are kept where they are, even where a newcomer would want to be", () => {
    const wanted = assignAddresses(["a"], "10.244", new Map()).get("a") ?? "";
    const kept = assignAddresses(["a", "b"], "10.244", new Map([["b", wanted]]));
    expect(kept.get("b")).toBe(wanted);
    expect(kept.get("a")).not.toBe(wanted);
  });

  it("are unique, and kept while the mesh runs", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(names, names, (before, after) => {
        const first = meshOf(services(before));
        const second = meshOf(services(after), "", first);
        const addresses = second.workloads.map((workload) => workload.address);
        expect(new Set(addresses).size).toBe(addresses.length);
        const old = new Map(first.workloads.map((workload) => [workload.id, workload.address]));
        for (const workload of second.workloads)
          expect(workload.address).toBe(old.get(workload.id) ?? workload.address);
      }),
      { numRuns: 40 },
    );
  });
});

describe("references that lead nowhere", () => {
  const cases: readonly (readonly [string, string, string, string | undefined])[] = [
    [
      document(security, "PeerAuthentication", "p", "{ selector: { matchLabels: { app: aa } } }"),
      "MD2004",
      "spec.selector.matchLabels",
      "aa: did you mean a?",
    ],
    [
      document(security, "PeerAuthentication", "p", "{ selector: { matchLabels: { app: a } } }", ", namespace: other"),
      "MD2004",
      "spec.selector.matchLabels",
      undefined,
    ],
    [
      document(
        security,
        "PeerAuthentication",
        "p",
        "{ selector: { matchLabels: { app: a } } }",
        ", namespace: istio-system",
      ),
      "MD2014",
      "spec.selector",
      undefined,
    ],
    [
      document(security, "AuthorizationPolicy", "p", "{ selector: { matchLabels: { app: z } } }"),
      "MD2004",
      "spec.selector.matchLabels",
      undefined,
    ],
    [
      document(security, "AuthorizationPolicy", "p", "{ targetRefs: [{ kind: Service, name: a }] }"),
      "MD2014",
      "spec.targetRefs",
      undefined,
    ],
    [document(networking, "DestinationRule", "d", "{ host: c }"), "MD2005", "spec.host", undefined],
    [
      document(networking, "DestinationRule", "d", "{ host: a.default }"),
      "MD2005",
      "spec.host",
      "write a.default.svc.cluster.local: a name with a dot is taken as it stands",
    ],
    [
      document(networking, "DestinationRule", "d", "{ host: a, subsets: [{ name: v9, labels: { version: v9 } }] }"),
      "MD2004",
      "spec.subsets[0].labels",
      undefined,
    ],
    [
      document(networking, "VirtualService", "v", "{ hosts: [c], http: [{ route: [{ destination: { host: a } }] }] }"),
      "MD2005",
      "spec.hosts[0]",
      undefined,
    ],
    [
      document(networking, "VirtualService", "v", "{ hosts: [a], http: [{ route: [{ destination: { host: c } }] }] }"),
      "MD2005",
      "spec.http[0].route[0].destination.host",
      undefined,
    ],
    [
      document(
        networking,
        "VirtualService",
        "v",
        "{ hosts: [a], http: [{ route: [{ destination: { host: a, subset: v1 } }] }] }",
      ),
      "MD2017",
      "spec.http[0].route[0].destination.subset",
      undefined,
    ],
  ];
  it.each(cases)("%s", (text, code, field, hint) => {
    const { value, problems } = check(two, text);
    expect(value).toBeDefined();
    expect(problems).toEqual([
      expect.objectContaining({
        code,
        field,
        severity: "warning",
        at: expect.objectContaining({ file: "mesh.yaml" }),
        ...(hint === undefined ? {} : { hint }),
      }),
    ]);
  });

  it("none is found where all is well", () => {
    const text =
      document(
        networking,
        "DestinationRule",
        "d",
        "{ host: '*.default.svc.cluster.local', subsets: [{ name: v1, labels: { version: v1 } }] }",
      ) +
      document(
        networking,
        "VirtualService",
        "v",
        "{ hosts: [a], http: [{ route: [{ destination: { host: a, subset: v1 } }] }] }",
      ) +
      document(
        security,
        "AuthorizationPolicy",
        "root",
        "{ selector: { matchLabels: { app: b } } }",
        ", namespace: istio-system",
      );
    expect(check(two, text).problems).toEqual([]);
  });

  it("a ServiceEntry makes its hosts known", () => {
    const text =
      document(networking, "ServiceEntry", "s", "{ hosts: [api.example.com] }") +
      document(networking, "DestinationRule", "d", "{ host: api.example.com }");
    expect(check(two, text).problems.map((problem) => problem.code)).toEqual(["MD2001"]);
  });
});

describe("competing resources", () => {
  const strict = (name: string, metadata = "", selector = ""): string =>
    document(security, "PeerAuthentication", name, `{ mtls: { mode: STRICT }${selector} }`, metadata);

  it("are ordered by age, then name, and a tie is told", () => {
    const { value, problems } = check(
      two,
      strict("z") + strict("x") + strict("old", ', creationTimestamp: "2020-01-01T00:00:00Z"'),
    );
    expect(value?.policies.peerAuthentications.map((policy) => policy.name)).toEqual(["x", "z", "old"]);
    expect(problems).toEqual([
      expect.objectContaining({
        code: "MD2003",
        resource: "PeerAuthentication default/z",
        message: expect.stringContaining("default/x wins over PeerAuthentication default/z"),
      }),
    ]);
  });

  it.each([
    [
      "selectors that meet",
      strict("x", "", ", selector: { matchLabels: { app: a } }") +
        strict("z", "", ", selector: { matchLabels: { version: v1 } }"),
      1,
    ],
    [
      "selectors that do not meet",
      strict("x", "", ", selector: { matchLabels: { app: a } }") +
        strict("z", "", ", selector: { matchLabels: { app: b } }"),
      0,
    ],
    [
      "VirtualServices of one host",
      ["x", "z"]
        .map((name) =>
          document(
            networking,
            "VirtualService",
            name,
            "{ hosts: [a], http: [{ route: [{ destination: { host: a } }] }] }",
          ),
        )
        .join(""),
      1,
    ],
    [
      "DestinationRules of one host",
      ["x", "z"]
        .map((name) =>
          document(networking, "DestinationRule", name, "{ host: a, trafficPolicy: { tls: { mode: DISABLE } } }"),
        )
        .join(""),
      1,
    ],
    [
      "DestinationRules of which one has a policy",
      document(networking, "DestinationRule", "x", "{ host: a, trafficPolicy: { tls: { mode: DISABLE } } }") +
        document(networking, "DestinationRule", "z", "{ host: a }"),
      0,
    ],
  ])("%s", (_, text, ties) => {
    expect(check(two, text).problems.filter((problem) => problem.code === "MD2003")).toHaveLength(ties);
  });
});

describe("changes", () => {
  it("are told in one line each", () => {
    const before = meshOf(
      two,
      document(security, "PeerAuthentication", "p", "{ mtls: { mode: STRICT } }") +
        document(security, "AuthorizationPolicy", "gone", "{}"),
    );
    const after = meshOf(
      "services: { a: { run: y, port: 8080 }, b: { run: x, port: 8080 }, c: { run: x, port: 80 } }\nmeshConfig: { trustDomain: corp }\nfeatures: { X: 1 }",
      document(security, "PeerAuthentication", "p", "{ mtls: { mode: DISABLE } }"),
      before,
    );
    expect(describeChanges(undefined, before)).toEqual(["2 workloads, 2 resources loaded"]);
    expect(describeChanges(before, after)).toEqual([
      "workload a-1 changed",
      "workload c-1 added",
      "Service default/c added",
      "PeerAuthentication default/p changed",
      "AuthorizationPolicy default/gone removed",
      "meshConfig changed",
      "features changed",
    ]);
  });

  it("moving a document is none", () => {
    const text = document(security, "PeerAuthentication", "p", "{ mtls: { mode: STRICT } }");
    expect(describeChanges(meshOf(two, text), meshOf(`\n\n${two}`, `# moved\n\n${text}`))).toEqual([]);
  });

  it("are told field by field inside resources that stay", () => {
    const policy = (spec: string): string => document(security, "AuthorizationPolicy", "allow", spec);
    const before = meshOf(two, policy('{ rules: [{ to: [{ operation: { methods: ["GET"] } }] }] }'));
    const after = meshOf(
      two,
      policy('{ action: DENY, rules: [{ to: [{ operation: { methods: ["GET", "PUT"] } }] }, { to: [] }] }'),
    );
    const resource = "AuthorizationPolicy default/allow";
    expect(describeDifferences(before, after)).toEqual([
      { resource, field: "spec.rules[0].to[0].operation.methods", before: '["GET"]', after: '["GET","PUT"]' },
      { resource, field: "spec.rules[1]", before: null, after: '{"to":[]}' },
      { resource, field: "spec.action", before: null, after: '"DENY"' },
    ]);
    expect(describeDifferences(undefined, after)).toEqual([]);
    expect(
      describeDifferences(
        before,
        meshOf(two, `\n\n${policy('{ rules: [{ to: [{ operation: { methods: ["GET"] } }] }] }')}`),
      ),
    ).toEqual([]);
    expect(describeDifferences(before, meshOf(two))).toEqual([]);
  });
});

describe("variables", () => {
  it("are replaced at the latest here", () => {
    const project = parseProject({ path: "meshdev.yaml", text: 'services: { a: { run: x, port: "${PORT}" } }' });
    if (project.value === undefined) throw new Error("valid");
    expect(
      resolve(project.value, [], { directory: "/d", env: { PORT: "81" } }).value?.services[0]?.ports[0]?.port,
    ).toBe(81);
    expect(resolve(project.value, [], { directory: "/d", env: {} })).toMatchObject({
      problems: expect.arrayContaining([expect.objectContaining({ field: "services.a.port" })]),
    });
  });
});
