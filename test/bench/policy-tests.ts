import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cli } from "../e2e/support/project.ts";
import { type Figure, figure } from "./figure.ts";

const services = 20;
const cases = 500;

/** `meshdev test` with 500 cases on twenty services, each with a policy of its own; process start included. */
export function policyTests(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), "meshdev-bench-"));
  try {
    writeProject(directory);
    const cold = Array.from({ length: 9 }, () => {
      const begun = performance.now();
      execFileSync(process.execPath, [cli, "test", "-C", directory, "-o", "json"], { stdio: "ignore" });
      return performance.now() - begun;
    });
    const what = `meshdev test, ${cases} cases, ${services} services, whole process`;
    return Promise.resolve([figure(what, "ms", cold.slice(1), "<= 1500 ms")]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function writeProject(directory: string): void {
  mkdirSync(join(directory, "mesh"));
  const names = Array.from({ length: services }, (_, index) => `s${index}`);
  const entries = names.map((name) => `  ${name}: { run: node ${name}.js, port: 8080 }\n`);
  writeFileSync(join(directory, "meshdev.yaml"), `services:\n${entries.join("")}mesh: ./mesh\n`);
  for (const [index, name] of names.entries()) {
    const caller = names[(index + 1) % services] ?? "";
    writeFileSync(join(directory, "mesh", `${name}.yaml`), policies(name, caller));
    writeFileSync(join(directory, "mesh", `${name}.mesh-test.yaml`), tests(name, caller));
  }
}

function policies(name: string, caller: string): string {
  return `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: ${name}, namespace: default }
spec: { selector: { matchLabels: { app: ${name} } }, mtls: { mode: STRICT } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${name}, namespace: default }
spec:
  selector: { matchLabels: { app: ${name} } }
  rules:
    - from: [{ source: { principals: [cluster.local/ns/default/sa/${caller}] } }]
      to: [{ operation: { methods: [GET], paths: ["/api/*", "/health"] } }]
      when: [{ key: "request.headers[x-tenant]", values: [a, b] }]
    - to: [{ operation: { paths: ["/public/{**}"] } }]
`;
}

/** Twenty-five cases a service. */
function tests(name: string, caller: string): string {
  return `defaults: { to: ${name}, from: ${caller}, headers: { x-tenant: a } }
cases:
  - { path: [/api/1, /api/2, /api/3, /api/4, /health], expect: allow, by: ${name} rule 0 }
  - { path: [/api/1, /health], method: [POST, PUT, DELETE], expect: deny, by: none }
  - { path: [/public/a, /public/b/c], method: [GET, POST], expect: allow, by: ${name} rule 1 }
  - { path: [/, /admin, /api, /healthz], expect: deny, status: 403 }
  - { headers: { x-tenant: c }, path: [/api/1, /health], expect: deny }
  - { from: outside, path: [/api/1, /public/a, /, /health], expect: tls-fail }
`;
}
