import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, createProject, parseNdjson, until, type Project } from "./support/project.ts";

const program = (body: string): string =>
  `import { createServer } from "node:http";\ncreateServer((request, response) => {${body}}).listen(Number(process.argv[2]));\n`;

const files = {
  "backend.mjs": program(`response.end(JSON.stringify(request.headers));`),
  // Whoever says who they are may pass, and the backend is told.
  "guard.mjs": program(`
    const user = request.headers["x-user"];
    if (user !== undefined) response.setHeader("x-verified-user", user);
    response.writeHead(user === undefined ? 401 : 200, { "www-authenticate": "Custom" });
    response.end(user === undefined ? "who are you?" : "");
  `),
  "meshdev.yaml": `
services:
  frontend: {run: sleep 1000}
  backend: {run: node backend.mjs 8080, port: 8080}
  guard: {run: node guard.mjs 9000, port: 9000}
mesh: ./mesh
meshConfig:
  extensionProviders:
  - name: guard
    envoyExtAuthzHttp:
      service: guard.default.svc.cluster.local
      port: 9000
      timeout: 5s
      includeRequestHeadersInCheck: [x-user]
      headersToUpstreamOnAllow: [x-verified-user]
`,
  "mesh/policies.yaml": `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ask-guard, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  action: CUSTOM
  provider: {name: guard}
  rules: [{to: [{operation: {paths: [/private*]}}]}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: maybe, namespace: default, annotations: {istio.io/dry-run: "true"}}
spec:
  selector: {matchLabels: {app: backend}}
  action: DENY
  rules: [{to: [{operation: {paths: [/private/soon]}}]}]
`,
};

/** An HTTP authorizer that is a program of the project, itself behind a sidecar under STRICT. */
describe("CUSTOM policies through the built CLI", () => {
  let project: Project;
  let events: () => readonly Readonly<Record<string, unknown>>[];

  beforeAll(async () => {
    project = createProject(files);
    const output = collect(project.start("up", "-o", "ndjson"));
    events = () => parseNdjson(output.stdout().slice(0, output.stdout().lastIndexOf("\n") + 1));
    await until("a mesh that answers", async () => (await ask("/public"))?.status === 200 || undefined);
  });
  afterAll(() => project[Symbol.asyncDispose]());

  async function ask(
    path: string,
    user?: string,
  ): Promise<{ status: number; challenge: string | null; text: string } | undefined> {
    const headers = user === undefined ? "{}" : `{"x-user":"${user}"}`;
    const code = `fetch('http://backend:8080${path}',{headers:${headers}}).then(async r => console.log(JSON.stringify({status: r.status, challenge: r.headers.get('www-authenticate'), text: await r.text()})))`;
    const { stdout } = await project.meshdev("exec", "--as", "frontend", "--", "node", "-e", code);
    return stdout === "" ? undefined : JSON.parse(stdout);
  }

  async function told(path: string): Promise<Readonly<Record<string, unknown>>> {
    return until(`the event of ${path}`, () =>
      events().findLast((event) => event["side"] === "inbound" && event["path"] === path),
    );
  }

  it("refuses what the authorizer refuses, in its words", async () => {
    expect(await ask("/private/a")).toEqual({ status: 401, challenge: "Custom", text: "who are you?" });
    expect(await told("/private/a")).toMatchObject({
      details: "ext_authz_denied",
      flags: "UAEX",
      extAuthz: [{ provider: "guard", result: "denied", status: 401 }],
    });
  });

  it("lets through what it allows, with what it adds", async () => {
    const answer = await ask("/private/b", "ann");
    expect(answer?.status).toBe(200);
    expect(JSON.parse(answer?.text ?? "{}")).toMatchObject({ "x-verified-user": "ann" });
    expect(await told("/private/b")).toMatchObject({
      extAuthz: [{ provider: "guard", result: "allowed", status: 200, requestHeaders: ["x-verified-user"] }],
    });
  });

  it("tells what a dry run would have refused", async () => {
    expect((await ask("/private/soon", "ann"))?.status).toBe(200);
    expect(await told("/private/soon")).toMatchObject({
      decision: {
        verdict: "allow",
        shadow: [{ kind: "dry-run-deny", result: "denied", by: { resource: "AuthorizationPolicy default/maybe" } }],
      },
    });
  });

  it("why and can say who decides, and can never says ALLOW", async () => {
    const { id } = (await told("/private/a")) as { readonly id: string };
    const why = await project.meshdev("why", id);
    expect(why.stdout).toMatch(/^DENY {2}external authorizer guard refused it \(HTTP 401\)\n {2}at /);
    expect(why.stdout).toMatch(/authorizer guard refused it \(HTTP 401\)/);
    const can = await project.meshdev("can", "frontend", "backend", "GET", "/private/x");
    expect(can.stdout).toMatch(/^DEPENDS +predicted .*\n +depends on provider guard/);
    const json = JSON.parse(
      (await project.meshdev("can", "frontend", "backend", "GET", "/private/x", "-o", "json")).stdout,
    );
    expect(json).toMatchObject({ predicted: true, verdict: "depends" });
  });
});
