import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFirst } from "../../runtime/control/first-load.ts";
import { loadMesh } from "../../runtime/control/load.ts";
import { readMeshFiles } from "../../runtime/host/read-mesh-files.ts";
import { cli } from "../e2e/support/project.ts";
import { type Figure, figure } from "./figure.ts";

const policies = 1000;
const files = 50;

/** `meshdev check` on a project with a thousand policies, process start included; and reading it again after one file changed, as a mesh does. */
export function checkCost(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), "meshdev-bench-"));
  try {
    writeProject(directory);
    const cold = Array.from({ length: 7 }, () => {
      const begun = performance.now();
      execFileSync(process.execPath, [cli, "check", directory, "-o", "json"], { stdio: "ignore" });
      return performance.now() - begun;
    });
    return Promise.resolve([
      figure(`check, ${policies} policies in ${files} files, whole process`, "ms", cold.slice(1), "<= 2000 ms"),
      figure("the same after one file changed, in a running mesh", "ms", afterChange(directory), "<= 100 ms"),
    ]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function writeProject(directory: string): void {
  mkdirSync(join(directory, "istio"));
  writeFileSync(
    join(directory, "meshdev.yaml"),
    "services:\n  web: { run: node web.js, port: 3000 }\n  orders: { run: node orders.js, port: 8080 }\nmesh: ./istio\n",
  );
  for (let file = 0; file < files; file++) writeFileSync(join(directory, "istio", `p${file}.yaml`), text(file, "GET"));
}

function text(file: number, method: string): string {
  return Array.from({ length: policies / files }, (_, index) => {
    const number = file * (policies / files) + index;
    return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: p${number}, namespace: default }
spec:
  selector: { matchLabels: { app: orders } }
  rules:
    - from: [{ source: { principals: [cluster.local/ns/default/sa/web] } }]
      to: [{ operation: { methods: [${method}], paths: ["/api/orders/${number}", "/api/carts/${number}/*"] } }]
      when: [{ key: "request.headers[x-tenant]", values: [a, b] }]
`;
  }).join("---\n");
}

function afterChange(directory: string): readonly number[] {
  const paths = { files: ["meshdev.yaml"], dotenv: [], optional: [], profiles: [] };
  const first = loadFirst({ directory, paths, env: {} }, readMeshFiles);
  if (first.result.kind !== "loaded") throw new Error("the project does not load");
  let { loaded } = first.result;
  return Array.from({ length: 30 }, (_, round) => {
    const changed = first.files.files.map((file) =>
      file.path.endsWith("p7.yaml") ? { ...file, text: text(7, round % 2 === 0 ? "PUT" : "POST") } : file,
    );
    const begun = performance.now();
    const result = loadMesh(loaded, {
      directory,
      paths,
      files: changed,
      env: {},
      problems: [],
    });
    const took = performance.now() - begun;
    if (result.kind !== "loaded") throw new Error("the change does not load");
    ({ loaded } = result);
    return took;
  });
}
