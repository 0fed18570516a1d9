import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, createProject, freePort, type Project, until } from "./support/project.ts";

const sample = resolve(import.meta.dirname, "../../samples/bookstore");

/** A folder of Kubernetes YAML as it is, its programs started by annotation. */
describe("the bookstore", () => {
  let project: Project;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    project = createProject({});
    cpSync(sample, project.directory, { recursive: true });
    project.write("k8s/productpage.yaml", project.read("k8s/productpage.yaml").replace("30080", String(port)));
    expect(await project.meshdev("up", "-f", "k8s/", "-d")).toMatchObject({ code: 0 });
  });
  afterAll(() => project[Symbol.asyncDispose]());

  async function page(user?: string): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>> {
    const response = await fetch(
      `http://127.0.0.1:${port}/`,
      user === undefined ? {} : { headers: { "end-user": user } },
    );
    return (await response.json()) as Awaited<ReturnType<typeof page>>;
  }

  it("answers on the node port with what its ConfigMap and Secret say, and routes by header", async () => {
    const { details, reviews } = await page("jason");
    expect(details).toMatchObject({ shop: "The Globe", price: "9.80 GBP", licensed: true });
    expect(reviews).toMatchObject({ pod: "reviews-v2-1", stars: "black", ratings: { ratings: [5, 4] } });
  });

  it("each Deployment has the identity of its own account", async () => {
    const { stdout } = await project.meshdev("ps", "-o", "json");
    const { workloads } = JSON.parse(stdout) as {
      readonly workloads: readonly { readonly id: string; readonly spiffe: string }[];
    };
    expect(stdout).toContain("spiffe://cluster.local/ns/bookstore/sa/bookstore-ratings");
    expect(workloads.map(({ id }) => id).toSorted()).toEqual([
      "details-v1-1.bookstore",
      "productpage-v1-1.bookstore",
      "ratings-v1-1.bookstore",
      "reviews-v1-1.bookstore",
      "reviews-v2-1.bookstore",
      "reviews-v3-1.bookstore",
    ]);
  });

  it("its tests hold, on paper and for real", async () => {
    expect(await project.meshdev("test", "--engine", "both")).toMatchObject({ code: 0 });
    expect(await project.meshdev("test", "-f", "k8s")).toMatchObject({ code: 0 });
  });

  it("diff compares it with another folder", async () => {
    cpSync(join(project.directory, "k8s"), join(project.directory, "next"), { recursive: true });
    const policies = project.read("next/policies.yaml");
    project.write("next/policies.yaml", policies.replace("paths: [/ratings/*]", "paths: [/ratings/*, /admin]"));
    const { code, stdout } = await project.meshdev("diff", "k8s", "next", "--json", "--fail-on-change");
    expect(code).toBe(4);
    const { added, removed, ports } = JSON.parse(stdout) as Record<string, readonly { readonly host?: string }[]>;
    expect([added, removed, ports?.length]).toEqual([[], [], 1]);
  });

  it("the project file that import prints means the same", async () => {
    const { stdout, code } = await project.meshdev("import", "kube", "k8s");
    expect(code).toBe(0);
    project.write("copy/meshdev.yaml", stdout.replace("- k8s", "- ../k8s"));
    const asked = ["can", "--matrix", "--json"] as const;
    const matrix = async (...args: readonly string[]): Promise<unknown> => {
      const text = (await project.meshdev(...asked, ...args)).stdout;
      return JSON.parse(text.replaceAll(join(project.directory, "k8s"), "k8s"));
    };
    expect(await matrix("-C", "copy")).toEqual(await matrix("-f", "k8s"));
  });

  it("a call that no policy names is refused", async () => {
    expect(await project.meshdev("send", "details-v1", "ratings", "GET", "/ratings/0")).toMatchObject({
      stdout: "RBAC: access denied\n",
    });
  });

  it("a saved change goes live: a policy, a ConfigMap, another replica", async () => {
    project.write("k8s/namespace.yaml", project.read("k8s/namespace.yaml").replace("The Globe", "The Rose"));
    await until("the new name", async () => ((await page())["details"]?.["shop"] === "The Rose" ? true : undefined));
    const ratings = project.read("k8s/ratings.yaml");
    project.write("k8s/ratings.yaml", ratings.replace("replicas: 1", "replicas: 2"));
    await until("a second instance", async () =>
      (await project.meshdev("ps")).stdout.includes("ratings-v1-2.bookstore") ? true : undefined,
    );
    project.write("k8s/ratings.yaml", ratings.replace("replicas: 1", "replicas: many"));
    expect((await project.meshdev("check", "-f", "k8s")).stdout).toContain("k8s/ratings.yaml:");
    expect((await page("jason"))["reviews"]).toMatchObject({ ratings: { ratings: [5, 4] } });
    project.write("k8s/ratings.yaml", ratings);
  });
});

describe("Kubernetes files that do not say what runs", () => {
  it("are refused with the line, and run with --run, from stdin too", async () => {
    await using project = createProject({
      "server.mjs":
        "import { createServer } from 'node:http'; createServer((_, r) => r.end(process.env.GREETING)).listen(process.env.PORT);",
      "orders.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: { name: orders }
spec:
  selector: { matchLabels: { app: orders } }
  template:
    metadata: { labels: { app: orders } }
    spec:
      containers:
        - name: main
          env: [{ name: GREETING, value: hello }]
          ports: [{ containerPort: 8080 }]
---
apiVersion: v1
kind: Service
metadata: { name: orders }
spec: { selector: { app: orders }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: orders }
`,
    });
    const refused = await project.meshdev("up", "-d", "-f", "orders.yaml");
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.stderr).toContain("orders.yaml:10:");
    expect(refused.stderr).toContain("MD2034");
    expect(await project.meshdev("up", "-d", "-f", "orders.yaml", "--run", "order=x")).toMatchObject({ code: 3 });
    expect(await project.meshdev("up", "-d", "-f", "orders.yaml", "--run", "orders")).toMatchObject({ code: 2 });

    execFileSync(process.execPath, [cli, "up", "-d", "-f", "-", "--run", "orders=node server.mjs"], {
      cwd: project.directory,
      env: project.env,
      input: project.read("orders.yaml"),
      stdio: ["pipe", "ignore", "ignore"],
    });
    expect(await project.meshdev("send", "orders", "orders", "GET", "/")).toMatchObject({ code: 0, stdout: "hello\n" });
    const checked = await project.meshdev("check", "-f", join(project.directory, "orders.yaml"), "--run", "orders=x");
    expect(checked.stdout).toContain("orders.yaml:19:1 info MD2001 not used here: 1 Ingress");
  });
});
