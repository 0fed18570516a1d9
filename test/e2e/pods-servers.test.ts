import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { describeProbe, probePods } from "../../runtime/host/pods/probe.ts";
import { currentUser } from "../../runtime/host/session-folder.ts";
import { hasPostgres, postgresScript } from "./support/postgres.ts";
import { createProject } from "./support/project.ts";

const probe = await probePods(currentUser());
const lacks = [
  ...(probe.ok ? [] : [`network pods: ${describeProbe(probe)}`]),
  ...(hasPostgres && has("psql") ? [] : ["PostgreSQL and psql"]),
  ...(has("redis-server") && has("redis-cli") ? [] : ["Redis"]),
];
if (lacks.length > 0) console.info(`tests with real servers are skipped; missing: ${lacks.join("; ")}`);

describe.skipIf(lacks.length > 0)("real servers in network pods", () => {
  it("are called by their own clients as who they are: PostgreSQL, whose server greets first, and Redis", async () => {
    await using project = createProject(
      {
        "run-postgres.sh": postgresScript("dev"),
        "meshdev.yaml": `services:
  db: {run: [sh, run-postgres.sh], port: 5432/tcp}
  cache: {run: [redis-server, --bind, 0.0.0.0, --protected-mode, "no", --save, ""], port: 6379/tcp}
  client: {run: [sleep, "1000"], ready: spawn}
mesh: ./mesh
`,
        "mesh/policies.yaml": `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: default}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: db, namespace: default}
spec:
  selector: {matchLabels: {app: db}}
  rules: [{from: [{source: {principals: ["cluster.local/ns/default/sa/client"]}}]}]
`,
      },
      { MESHDEV_CAPTURE: "pods" },
    );
    const up = await project.meshdev("up", "-d");
    expect(up.stderr).not.toContain("error");
    const ask = ["psql", "-h", "db", "-U", "dev", "-At", "postgres", "-c", "select 40+2"];
    expect(await project.meshdev("exec", "--as", "client", "--", ...ask)).toMatchObject({ code: 0, stdout: "42\n" });
    const refused = await project.meshdev("exec", "--as", "cache", "--", ...ask);
    expect(refused.code).not.toBe(0);
    expect(refused.stdout).toBe("");
    const set = ["redis-cli", "-h", "cache", "set", "a", "1"];
    expect(await project.meshdev("exec", "--as", "client", "--", ...set)).toMatchObject({ code: 0, stdout: "OK\n" });
  });
});

function has(command: string): boolean {
  return spawnSync(command, ["--version"]).error === undefined;
}
