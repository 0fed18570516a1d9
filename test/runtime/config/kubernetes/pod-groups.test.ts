import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SourceFile } from "../../../../runtime/core/source.ts";
import { parseProject } from "../../../../runtime/config/project.ts";
import { type LoadResult, loadMesh } from "../../../../runtime/control/load.ts";
import type { Mesh, Workload } from "../../../../runtime/model/mesh.ts";

interface Asked {
  readonly runs?: Readonly<Record<string, string>>;
  /** Text of a project file beside the Kubernetes files. */
  readonly project?: string;
}

function loadFiles(files: readonly SourceFile[], { runs = {}, project }: Asked = {}): LoadResult {
  return loadMesh(undefined, {
    directory: "/shop",
    paths: {
      files: project === undefined ? [] : ["meshdev.yaml"],
      dotenv: [],
      optional: [],
      profiles: [],
      kubernetes: ["k8s"],
      runs,
    },
    files: [...(project === undefined ? [] : [{ path: "meshdev.yaml", text: project }]), ...files],
    env: {},
    problems: [],
  });
}

function load(text: string, asked: Asked = {}): LoadResult {
  return loadFiles([{ path: "k8s/all.yaml", text }], asked);
}

function meshOf(text: string, asked: Asked = {}): Mesh {
  const result = load(text, asked);
  if (result.kind === "rejected") throw new Error(JSON.stringify(result.problems, undefined, 1));
  return result.loaded.mesh;
}

function only(text: string, asked: Asked = {}): Workload {
  const [workload, ...more] = meshOf(text, asked).workloads;
  if (workload === undefined || more.length > 0) throw new Error("not one workload");
  return workload;
}

function problemsOf(text: string, asked: Asked = {}): readonly string[] {
  const result = load(text, asked);
  const { problems } = result.kind === "rejected" ? result : result.loaded;
  return problems.map(({ code, severity, message, at }) => `${at?.line ?? "-"} ${severity} ${code} ${message}`);
}

interface Pod {
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: string;
  readonly annotations?: string;
  readonly container?: string;
  readonly pod?: string;
  readonly spec?: string;
}

/** A Deployment on lines 1 to 12; its one container on line 11, the rest of the pod on line 12. */
function deployment({
  kind = "Deployment",
  name = "orders",
  namespace = "shop",
  labels = "app: orders",
  annotations = "meshdev.dev/run: ./orders",
  container = "",
  pod = "{}",
  spec = "",
}: Pod = {}): string {
  const group = kind === "Job" ? "batch/v1" : "apps/v1";
  const selector = kind === "Job" ? "" : `selector: { matchLabels: { ${labels} } },`;
  const rest = pod === "{}" ? "" : `, ${pod}`;
  return `apiVersion: ${group}
kind: ${kind}
metadata:
  name: ${name}
  namespace: ${namespace}
  annotations: { ${annotations} }
spec: { ${selector} ${spec} template: {
    metadata: { labels: { ${labels} } },
    spec: { containers: [
        # the one
        { name: main, image: "orders:1", ${container} }
      ]${rest} } } }
---
`;
}

function configMap(kind: string, data: string): string {
  const field = kind === "Secret" ? "stringData" : "data";
  return `apiVersion: v1\nkind: ${kind}\nmetadata: { name: conf, namespace: shop }\n${field}: ${data}\n---\n`;
}

function namespace(labels: string, name = "shop"): string {
  return `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name}, labels: { ${labels} } }\n---\n`;
}

describe("a folder of Kubernetes files", () => {
  it("the bookstore resolves to the golden mesh, and nothing is said of it", async () => {
    const folder = join(import.meta.dirname, "../../../../samples/bookstore/k8s");
    const files = readdirSync(folder).map((name) => ({
      path: `k8s/${name}`,
      text: readFileSync(join(folder, name), "utf8"),
    }));
    const result = loadFiles(files);
    if (result.kind === "rejected") throw new Error(JSON.stringify(result.problems));
    expect(result.loaded.problems).toEqual([]);
    const { workloads, services, namespaces } = result.loaded.mesh;
    await expect(`${JSON.stringify({ namespaces, services, workloads }, undefined, 2)}\n`).toMatchFileSnapshot(
      "golden/bookstore.json",
    );
  });

  it.each<[string, Pod, Partial<Workload>]>([
    [
      "who it is",
      { pod: "serviceAccountName: seller" },
      { id: "orders-1.shop", service: "orders", serviceAccount: "seller" },
    ],
    ["without an account it is `default`", {}, { serviceAccount: "default", namespace: "shop" }],
    ["labels are the template's alone", { labels: "tier: back" }, { labels: { tier: "back" } }],
    [
      "ports",
      { container: "ports: [{ containerPort: 80, name: web }, { containerPort: 53, protocol: UDP }]" },
      { ports: [{ name: "web", port: 80 }] },
    ],
    [
      "host ports are published",
      { container: "ports: [{ containerPort: 80, hostPort: 8080 }]" },
      { publish: [{ hostPort: 8080, port: 80 }] },
    ],
    [
      "published by annotation",
      { annotations: 'meshdev.dev/run: x, meshdev.dev/publish: "3000:80"' },
      { publish: [{ hostPort: 3000, port: 80 }] },
    ],
  ])("%s", (_, pod, expected) => {
    expect(only(deployment(pod))).toMatchObject(expected);
  });

  it.each<[string, string, Readonly<Record<string, unknown>>]>([
    [
      "a probe by HTTP",
      "ports: [{ containerPort: 80, name: web }], readinessProbe: { httpGet: { path: /up, port: web } }",
      { kind: "http", path: "/up", port: 80, everyMs: 1000 },
    ],
    [
      "a probe by TCP",
      "ports: [{ containerPort: 80 }], readinessProbe: { tcpSocket: { port: 80 } }",
      { kind: "ports" },
    ],
    [
      "a startup probe counts when there is no other",
      "startupProbe: { httpGet: { port: 81 } }",
      { kind: "http", path: "/", port: 81, everyMs: 1000 },
    ],
    ["ports without a probe", "ports: [{ containerPort: 80 }]", { kind: "ports" }],
    ["nothing at all", "", { kind: "spawn" }],
  ])("readiness: %s", (_, container, expected) => {
    expect(only(deployment({ container })).program?.ready).toEqual(expected);
  });

  it.each([
    ["Deployment", "replicas: 3,", 3],
    ["ReplicaSet", "replicas: 2,", 2],
    ["StatefulSet", "serviceName: orders, replicas: 2,", 2],
    ["DaemonSet", "", 1],
    ["Job", "", 1],
    ["Deployment", "", 1],
    ["Deployment", "replicas: 0,", 0],
  ])("%s with `%s` runs %i", (kind, spec, expected) => {
    expect(meshOf(deployment({ kind, spec })).workloads).toHaveLength(expected);
  });

  it.each([
    ["Always", undefined],
    ["OnFailure", { when: "failure" }],
    ["Never", { when: "never" }],
  ])("restartPolicy %s", (policy, expected) => {
    expect(only(deployment({ kind: "Job", pod: `restartPolicy: ${policy}` })).program?.restart).toEqual(expected);
  });

  it("a bare Pod runs as well", () => {
    const text =
      "apiVersion: v1\nkind: Pod\nmetadata: { name: p, labels: { a: b }, annotations: { meshdev.dev/run: x } }\nspec: { containers: [{ name: c }] }\n";
    expect(only(text)).toMatchObject({ id: "p-1", labels: { a: "b" }, program: { command: "x" } });
  });

  it("names that two namespaces or two kinds share are told apart", () => {
    const text =
      deployment() +
      deployment({ namespace: "bank" }) +
      deployment({ namespace: "bank", kind: "StatefulSet" }) +
      deployment({ name: "web" });
    expect(meshOf(text).workloads.map(({ service }) => service)).toEqual([
      "orders-shop",
      "orders-bank-deployment",
      "orders-bank-statefulset",
      "web",
    ]);
  });
});

describe("which command runs", () => {
  const bare = deployment({ annotations: "a: b" });

  it.each(["orders", "orders.shop"])("--run %s", (name) => {
    expect(only(bare, { runs: { [name]: "go run ." } }).program).toMatchObject({ command: "go run .", cwd: "/shop" });
  });

  it("--run wins over the project file, and that over the annotation", () => {
    const project = "services: { orders: { run: from-project, cwd: src, env: { A: 1 }, instances: 2 } }";
    expect(meshOf(deployment(), { project }).workloads).toMatchObject([
      { program: { command: "from-project", cwd: "/shop/src", env: { A: "1" } }, namespace: "shop" },
      { id: "orders-2.shop" },
    ]);
    expect(meshOf(deployment(), { project, runs: { orders: "x" } }).workloads[0]?.program?.command).toBe("x");
    expect(only(deployment()).program?.command).toBe("./orders");
  });

  it("a project file names Kubernetes folders itself", () => {
    expect(parseProject({ path: "meshdev.yaml", text: "kubernetes: k8s" }, {}).value?.kubernetes).toEqual(["k8s"]);
  });

  it("outside of them Deployments stay what they were: not run", () => {
    const { mesh } = { mesh: meshOf("", { project: "services: {}\nmesh: mesh" }) };
    expect(mesh.workloads).toEqual([]);
  });
});

describe("containers", () => {
  const container = (said: string, pod = "{}", more = ""): unknown =>
    meshOf(deployment({ annotations: "a: b", container: said, pod }) + more).workloads[0]?.program?.container;

  it.each<[string, string, string, Readonly<Record<string, unknown>>]>([
    [
      "the image, when nothing says which command runs",
      "imagePullPolicy: Never",
      "{}",
      { image: "orders:1", pullPolicy: "never" },
    ],
    [
      "command and args",
      "env: [{ name: A, value: x }], command: [run, $(A)], args: [b]",
      "{}",
      { entrypoint: ["run", "x"], command: ["b"] },
    ],
    ["limits", "resources: { limits: { memory: 128Mi, cpu: 250m } }", "{}", { memoryLimit: 134217728, cpuLimit: 0.25 }],
    ["user", "securityContext: { runAsUser: 1000 }", "{}", { user: "1000" }],
    ["user of the pod", "", "securityContext: { runAsUser: 1, runAsGroup: 2 }", { user: "1:2" }],
    [
      "folders that are empty",
      "volumeMounts: [{ name: v, mountPath: /v }]",
      "volumes: [{ name: v, emptyDir: {} }]",
      { mounts: [{ kind: "volume", source: undefined, target: "/v", readOnly: false }] },
    ],
    [
      "ConfigMaps as files",
      "volumeMounts: [{ name: v, mountPath: /v }]",
      "volumes: [{ name: v, configMap: { name: conf, items: [{ key: K, path: k.txt }] } }]",
      { mounts: [{ kind: "files", target: "/v", files: { "k.txt": "v" } }] },
    ],
    [
      "a probe that runs a command",
      "readinessProbe: { exec: { command: [ok] }, periodSeconds: 2 }",
      "{}",
      { healthcheck: { test: ["CMD", "ok"], intervalMs: 2000 } },
    ],
  ])("%s", (_, said, pod, expected) => {
    expect(container(said, pod, configMap("ConfigMap", "{ K: v }"))).toMatchObject(expected);
  });

  it("what cannot be mounted is said", () => {
    const found = (pod: string): readonly string[] =>
      problemsOf(deployment({ annotations: "a: b", container: "volumeMounts: [{ name: v, mountPath: /v }]", pod }));
    expect(found("volumes: [{ name: v, hostPath: { path: / } }]")[0]).toMatch(/^11 warning MD2033 the volume v, which/);
    expect(found("volumes: [{ name: v, secret: { secretName: s } }]")[0]).toBe(
      "11 error MD2032 there is no Secret shop/s",
    );
    expect(found("volumes: [{ name: w, emptyDir: {} }]")[0]).toBe("11 error MD1007 the pod has no volume v");
  });
});

describe("variables", () => {
  const env = (container: string, more = "", annotations = "meshdev.dev/run: x, team: red"): unknown =>
    meshOf(deployment({ container, annotations }) + more).workloads[0]?.program?.env;

  it.each([
    ["values", "env: [{ name: A, value: '1' }, { name: B }]", "", { A: "1", B: "" }],
    [
      "references to earlier ones",
      "env: [{ name: A, value: x }, { name: B, value: '$(A)-$(NO)-$$(A)' }]",
      "",
      { A: "x", B: "x-$(NO)-$(A)" },
    ],
    [
      "a whole ConfigMap with a prefix",
      "envFrom: [{ prefix: P_, configMapRef: { name: conf } }]",
      configMap("ConfigMap", "{ K: v }"),
      { P_K: "v" },
    ],
    [
      "own ones win over imported ones",
      "envFrom: [{ configMapRef: { name: conf } }], env: [{ name: K, value: own }]",
      configMap("ConfigMap", "{ K: v }"),
      { K: "own" },
    ],
    [
      "one key of a Secret",
      "env: [{ name: A, valueFrom: { secretKeyRef: { name: conf, key: K } } }]",
      configMap("Secret", "{ K: 'größe' }"),
      { A: "größe" },
    ],
    [
      "encoded Secrets",
      "env: [{ name: A, valueFrom: { secretKeyRef: { name: conf, key: K } } }]",
      "apiVersion: v1\nkind: Secret\nmetadata: { name: conf, namespace: shop }\ndata: { K: aGVsbG8= }\n",
      { A: "hello" },
    ],
    [
      "what is optional may be missing",
      "envFrom: [{ secretRef: { name: absent, optional: true } }], env: [{ name: A, valueFrom: { configMapKeyRef: { name: absent, key: k, optional: true } } }]",
      "",
      {},
    ],
    [
      "fields of the pod",
      "env: [{ name: NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }, { name: L, valueFrom: { fieldRef: { fieldPath: \"metadata.labels['app']\" } } }, { name: S, valueFrom: { fieldRef: { fieldPath: metadata.namespace } } }]",
      "",
      { NAME: "orders-1", L: "orders", S: "shop" },
    ],
  ])("%s", (_, container, more, expected) => {
    expect(env(container, more)).toEqual(expected);
  });

  it("a pod's own address", () => {
    const workload = only(
      deployment({ container: "env: [{ name: IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }]" }),
    );
    expect(workload.program?.env).toEqual({ IP: workload.address });
  });
});

describe("sidecars are there where Istio's webhook would put them", () => {
  it.each<[string, string, Pod, boolean]>([
    ["no Namespace is written", "", {}, true],
    ["injection is on", namespace("istio-injection: enabled"), {}, true],
    ["a revision is named", namespace("istio.io/rev: canary"), {}, true],
    ["the namespace says nothing", namespace("a: b"), {}, false],
    ["injection is off", namespace("istio-injection: disabled"), {}, false],
    [
      "off wins over the pod",
      namespace("istio-injection: disabled"),
      { labels: 'app: orders, sidecar.istio.io/inject: "true"' },
      false,
    ],
    ["the pod asks for one", namespace("a: b"), { labels: 'app: orders, sidecar.istio.io/inject: "true"' }, true],
    [
      "the pod wants none",
      namespace("istio-injection: enabled"),
      { labels: 'app: orders, sidecar.istio.io/inject: "false"' },
      false,
    ],
    [
      "the pod wants none, no Namespace is written",
      "",
      { labels: 'app: orders, sidecar.istio.io/inject: "false"' },
      false,
    ],
    ["the network is the host's", "", { pod: "hostNetwork: true" }, false],
    ["Kubernetes' own namespaces", "", { namespace: "kube-system" }, false],
  ])("%s", (_, documents, pod, expected) => {
    expect(only(documents + deployment(pod)).sidecar).toBe(expected);
  });

  it("an annotation of the pod template says no", () => {
    const text = deployment().replace(
      "metadata: { labels:",
      'metadata: { annotations: { sidecar.istio.io/inject: "false" }, labels:',
    );
    expect(only(text).sidecar).toBe(false);
  });
});

describe("what is wrong or not done is said with its line", () => {
  it.each<[string, string, readonly string[]]>([
    [
      "an unknown field",
      deployment({ container: "imagePullPolice: Always" }),
      ["11 error MD1006 unknown field spec.template.spec.containers[0].imagePullPolice"],
    ],
    ["a wrong type", deployment({ container: "ports: [{ containerPort: eighty }]" }), ["11 error MD1007"]],
    ["a container twice", deployment({ pod: "initContainers: [{ name: a }, { name: a }]" }), ["12 error MD1007"]],
    [
      "no containers",
      "apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec: { containers: [] }\n",
      ["4 error MD1007"],
    ],
    [
      "a selector that its pods do not meet",
      deployment().replace("matchLabels: { app: orders }", "matchLabels: { app: web }"),
      ["7 error MD1007 the selector wants app=web"],
    ],
    [
      "no program",
      deployment({ annotations: "a: b" }).replace('image: "orders:1", ', ""),
      ["11 error MD2034 nothing says which program is orders"],
    ],
    [
      "a ConfigMap that is not there",
      deployment({ container: "envFrom: [{ configMapRef: { name: conf } }]" }),
      ["11 error MD2032 there is no ConfigMap shop/conf"],
    ],
    [
      "a key that is not there",
      deployment({ container: "env: [{ name: A, valueFrom: { configMapKeyRef: { name: conf, key: absent } } }]" }) +
        configMap("ConfigMap", "{ K: v }"),
      ["11 error MD2032 ConfigMap shop/conf has no key absent; it has K"],
    ],
    [
      "data that is no text",
      configMap("ConfigMap", "{ PORT: 8080 }"),
      ["4 error MD1007 data.PORT must be a string, found number"],
    ],
    [
      "a Service that selects nobody",
      "apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\nspec: { selector: { app: web }, ports: [{ port: 80 }] }\n",
      ["4 warning MD2031 no workload of shop has the labels app=web"],
    ],
    [
      "a field that no variable can have",
      deployment({ container: "env: [{ name: A, valueFrom: { fieldRef: { fieldPath: spec.what } } }]" }),
      ["11 error MD1007 spec.what is no field"],
    ],
    [
      "a second container",
      deployment().replace("]\n", ", { name: logs }]\n").replace("      ] }", "      , { name: logs }] }"),
      ["12 warning MD2033 of several containers one runs; logs does not"],
    ],
    [
      "init containers",
      deployment({ pod: "initContainers: [{ name: a }]" }),
      ["12 warning MD2033 the init container a does not run"],
    ],
    [
      "volumes of a local command",
      deployment({ container: "volumeMounts: [{ name: v, mountPath: /v }]" }),
      ["11 warning MD2033 a local command has no volumeMounts"],
    ],
    [
      "a probe that runs a command",
      deployment({ container: "readinessProbe: { exec: { command: [x] } }" }),
      ["11 warning MD2033 a probe is not asked, because it runs a command in the container"],
    ],
    [
      "other kinds, once",
      "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: a }\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: b }\n",
      ["1 info MD2001 not used here: 2 Ingress"],
    ],
    [
      "a publication that is none",
      deployment({ annotations: "meshdev.dev/run: x, meshdev.dev/publish: web" }),
      ["3 error MD1003 meshdev.dev/publish: web cannot be published"],
    ],
    [
      "the same host port twice",
      deployment({ container: "ports: [{ containerPort: 80, hostPort: 8080 }]" }) +
        deployment({ name: "other", container: "ports: [{ containerPort: 80, hostPort: 8080 }]" }),
      ["24 error MD2008 host port 8080 is already published by orders"],
    ],
  ])("%s", (_, text, expected) => {
    const found = problemsOf(text);
    expect(found.map((line, index) => line.slice(0, expected[index]?.length ?? 0) || line)).toEqual(expected);
  });

  it("names that would be the same here: one workload must not have the other's policies", () => {
    expect(problemsOf(deployment({ name: "a.b" }) + deployment({ name: "a-b" }))).toEqual([
      "17 error MD2038 Deployment shop/a-b and Deployment shop/a.b would both be called a-b",
    ]);
  });

  it("a recipe of kustomize, which is no object", () => {
    const result = loadFiles([{ path: "k8s/kustomization.yaml", text: "resources: [a.yaml]\n" }]);
    expect(result.kind === "loaded" && result.loaded.problems).toMatchObject([
      { severity: "info", at: { file: "k8s/kustomization.yaml" }, hint: expect.stringContaining("kustomize build") },
    ]);
  });

  it("a name of --run that nobody has", () => {
    expect(problemsOf(deployment(), { runs: { order: "x" } })).toEqual([
      "- error MD2035 --run names order, and there is no such workload",
    ]);
  });

  it("what many workloads lack is said once, with their number", () => {
    const container = "livenessProbe: { tcpSocket: { port: 1 } }";
    expect(problemsOf(deployment({ container }) + deployment({ name: "web", container }))).toEqual([
      "11 info MD2033 livenessProbe is not acted on (2 workloads)",
    ]);
  });

  it("never throws, whatever a template holds", () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const spec = fc.record(
      {
        containers: fc.oneof(
          value,
          fc.array(
            fc.record(
              { name: fc.string(), env: value, envFrom: value, ports: value, readinessProbe: value, resources: value },
              { requiredKeys: [] },
            ),
          ),
        ),
        initContainers: value,
        volumes: value,
        serviceAccountName: value,
      },
      { requiredKeys: [] },
    );
    const kind = fc.constantFrom(
      "Deployment",
      "StatefulSet",
      "Job",
      "Pod",
      "ConfigMap",
      "Secret",
      "Service",
      "Namespace",
    );
    fc.assert(
      fc.property(kind, spec, value, value, (which, pod, metadata, data) => {
        const group =
          new Map([
            ["Deployment", "apps/v1"],
            ["StatefulSet", "apps/v1"],
            ["Job", "batch/v1"],
          ]).get(which) ?? "v1";
        const document = {
          apiVersion: group,
          kind: which,
          metadata: { name: "a", labels: metadata, annotations: metadata },
          spec:
            which === "Pod"
              ? pod
              : { template: { metadata, spec: pod }, selector: metadata, replicas: data, ports: data },
          data,
        };
        expect(() => load(JSON.stringify(document))).not.toThrow();
      }),
      { numRuns: 400 },
    );
  });
});
