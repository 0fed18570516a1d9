import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ProbeReport } from "../../runtime/index.ts";
import { createProject, freePort, type Project } from "./support/project.ts";

/** Takes slashes, escapes and dots for what they mean, as many frameworks do, and logs what it made of them. */
const lenientApp = `
import { createServer } from "node:http";
createServer((request, response) => {
  const [raw, query = ""] = request.url.replace(/^[a-z]+:\\/\\/[^/]*/i, "").split("?");
  let path = raw;
  try { path = decodeURIComponent(raw); } catch {}
  path = new URL(path.replaceAll(/\\/+/g, "/"), "http://x").pathname;
  console.log(request.method + " " + path + "?" + query);
  response.writeHead(path === "/admin" || path === "/" ? 200 : 404).end(path);
}).listen(8080);
`;

/** Serves exactly what it is asked for. */
const strictApp = `
import { createServer } from "node:http";
createServer((request, response) => {
  console.log(JSON.stringify({ method: request.method, url: request.url }));
  response.writeHead(request.url.split("?")[0] === "/admin" ? 200 : 404).end();
}).listen(8080);
`;

/** Says in its answers what it was asked for, and nothing in its log. */
const silentApp = `
import { createServer } from "node:http";
createServer((request, response) => response.end(JSON.stringify({ path: request.url.replaceAll(/\\/+/g, "/") }))).listen(8081);
`;

const denyAdmin = (app: string): string => `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-admin-${app}, namespace: default}
spec:
  selector: {matchLabels: {app: ${app}}}
  action: DENY
  rules: [{to: [{operation: {methods: [GET], paths: [/admin]}}]}]
`;

const hardened = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: public-only, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  rules:
    - from: [{source: {principals: [cluster.local/ns/default/sa/owner]}}]
      to: [{operation: {paths: [/admin]}}]
    - from: [{source: {principals: [cluster.local/ns/default/sa/frontend]}}]
      to: [{operation: {methods: [GET], paths: [/public]}}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
`;

const idle = `[node, -e, "setInterval(() => {}, 1e6)"]`;

function fixture(normalization: string, services: string, files: Readonly<Record<string, string>>): Project {
  return createProject({
    "meshdev.yaml": `name: probe
services:
  frontend: {run: ${idle}}
${services}
mesh: ./mesh
meshConfig: {pathNormalization: {normalization: ${normalization}}}
`,
    ...files,
  });
}

interface Probed {
  readonly code: number;
  readonly report: ProbeReport;
  readonly hits: readonly string[];
}

async function probe(project: Project, ...args: readonly string[]): Promise<Probed> {
  const { code, stdout, stderr } = await project.meshdev("probe", ...args, "-o", "json", "--rate", "200");
  if (stdout === "") throw new Error(stderr);
  const report = JSON.parse(stdout) as ProbeReport;
  const schema = JSON.parse((await project.meshdev("schema", "probe")).stdout) as object;
  const validate = new Ajv2020().compile(schema);
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  const hits = report.findings.filter(({ outcome }) => outcome === "hit");
  return {
    code,
    report,
    hits: hits.map(({ caller, technique, name }) => `${caller ?? "nobody"} ${technique}: ${name}`),
  };
}

describe("a deliberately weak mesh", () => {
  let project: Project;
  beforeAll(async () => {
    const open = await freePort();
    project = fixture(
      "NONE",
      `  backend: {run: [node, lenient.mjs], port: 8080}
  silent: {run: [node, silent.mjs], port: 8081}
  escaped: {run: [env, -u, NODE_OPTIONS, node, escaped.mjs], port: ${open}}
  guarded: {run: [node, strict.mjs], port: 8080}`,
      {
        "lenient.mjs": lenientApp,
        "silent.mjs": silentApp,
        "strict.mjs": strictApp,
        "escaped.mjs": strictApp.replace("8080", `${open}, "127.0.0.1"`),
        "mesh/policy.yaml": ["backend", "silent", "escaped"].map(denyAdmin).join(""),
        "mesh/frontend.yaml": `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: not-frontend, namespace: default}
spec:
  selector: {matchLabels: {app: guarded}}
  action: DENY
  rules:
    - from: [{source: {principals: ["*/sa/frontend"]}}]
      to: [{operation: {paths: [/admin*, //admin]}}]
`,
      },
    );
    const up = await project.meshdev("up", "-d");
    expect(up, up.stderr).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await project[Symbol.asyncDispose]();
  });

  it("the planted hole is found, each hit with the application's line and the event behind it", async () => {
    const { code, report, hits } = await probe(project, "--from", "frontend", "backend", "GET", "/admin");
    expect(code).toBe(4);
    expect(report).toMatchObject({ canTell: true, lostEvents: 0, counts: { unverified: 0 } });
    for (const name of ["two slashes in front", "first letter encoded", "%2f instead of a slash", "a dot segment"])
      expect(hits).toContain(`frontend path: ${name}`);
    expect(hits).toContain("frontend protocol: h2c, two slashes");
    for (const finding of report.findings) {
      expect(finding.log?.line).toContain(finding.marker);
      expect(finding.event).toMatch(/^r-/);
      if (finding.outcome === "hit") expect(finding.log?.line).toMatch(/^GET \/admin\?/);
      else expect(finding.log?.line).not.toMatch(/^GET \/admin\?/);
    }
    // What the sidecar reads for what it is is refused.
    expect(hits.filter((hit) => /identity|framing|host|header|as it is/.test(hit))).toEqual([]);
  });

  it("tells people the same, and never fails when told so", async () => {
    const { code, stdout } = await project.meshdev("probe", "--from", "frontend", "backend", "--fail-on", "never");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^GOT THROUGH {2}backend/);
    expect(stdout).toContain("ns[default]-policy[no-admin-backend]-rule[0]");
    expect(stdout).toMatch(/path: two slashes in front {2}GET \/\/admin {2}200 {2}frontend → backend:8080/);
  });

  it("cannot tell of an application that logs nothing, unless its answers tell", async () => {
    const silent = await probe(project, "--from", "frontend", "silent", "GET", "/admin", "--fail-on", "unverified");
    expect(silent).toMatchObject({ code: 4, hits: [], report: { canTell: false } });
    expect(silent.report.counts.unverified).toBeGreaterThan(10);
    const echoed = await probe(project, "--from", "frontend", "silent", "GET", "/admin", "--echo");
    expect(echoed.code).toBe(4);
    expect(echoed.hits).toContain("frontend path: two slashes in front");
    expect(echoed.hits).not.toContain("frontend path: first letter encoded");
  });

  it("a program that listens past its sidecar is found", async () => {
    const { code, hits } = await probe(project, "--from", "frontend", "escaped", "GET", "/admin");
    expect([code, hits.filter((hit) => hit.includes("bypass"))]).toEqual([4, ["nobody bypass: past its sidecar"]]);
  });

  it("a rule about a caller whom nobody forces to say who he is", async () => {
    const { code, hits } = await probe(project, "--from", "frontend", "guarded", "GET", "/admin");
    expect(code).toBe(4);
    expect(hits[0]).toBe("nobody bypass: without an identity");
    // A host that the mesh does not know leaves frontend's sidecar in plaintext, and with it the identity that the rule is about.
    expect(hits).toContain("frontend host: localhost");
    expect(hits).not.toContain("frontend host: with a port");
  });

  it.each([
    [["nobody", "GET", "/admin"], 2, "MD8005"],
    [["backend", "GET", "admin"], 2, "MD8001"],
    [["backend", "get", "/admin"], 2, "MD8001"],
    [["backend", "GET", "/admin", "--port", "1"], 2, "MD8001"],
    [["backend", "--rate", "0"], 2, "MD8001"],
  ])("refuses %j", async (args, code, error) => {
    const refused = await project.meshdev("probe", ...args);
    expect(refused.code).toBe(code);
    expect(refused.stderr).toContain(error);
  });
});

describe("a hardened mesh", () => {
  it("lets nothing through", async () => {
    await using project = fixture("DECODE_AND_MERGE_SLASHES", "  backend: {run: [node, strict.mjs], port: 8080}", {
      "strict.mjs": strictApp,
      "mesh/policy.yaml": hardened,
    });
    expect((await project.meshdev("up", "-d")).code).toBe(0);
    const { code, report, hits } = await probe(project, "backend", "--fail-on", "reached");
    expect([code, hits, report.findings]).toEqual([0, [], []]);
    expect(report).toMatchObject({ canTell: true, lostEvents: 0 });
    // Public pages were reached, so the application was up and would have told.
    expect(report.counts.allowed).toBeGreaterThan(0);
    expect(report.counts.refused).toBeGreaterThan(500);
  });
});
