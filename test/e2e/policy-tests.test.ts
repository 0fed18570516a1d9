import { once } from "node:events";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaseReport } from "../../runtime/suite/report.ts";
import { prove } from "../prove/proofs/engines.ts";
import { collect, createSampleProject, type Project, until } from "./support/project.ts";

const tests = "mesh/backend.mesh-test.yaml";

/** `meshdev test` on the sample, whose tests stand beside its policies. */
describe("meshdev test", () => {
  let project: Project;
  let written = "";

  beforeAll(async () => {
    project = await createSampleProject();
    written = project.read(tests);
  });
  afterAll(() => project[Symbol.asyncDispose]());

  it("passes on what the sample promises, and check does not take tests for policies", async () => {
    const { code, stdout, stderr } = await project.meshdev("test");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "17 passed, 0 failed  offline\n" });
    expect(stdout).toBe(`✓ ${tests}  17 cases\n`);
    expect(await project.meshdev("check")).toMatchObject({ code: 0, stdout: "" });
  });

  it("fails with what was expected, who decided where, and the nearest miss", async () => {
    project.write(tests, written.replace("expect: allow", "expect: deny").replace("by: none", "by: backend-allow"));
    const { code, stdout } = await project.meshdev("test");
    expect(code).toBe(4);
    expect(stdout).toContain(`${tests}:6:5  the frontend reads the API: frontend → backend GET /api/data`);
    expect(stdout).toContain("expected deny, actual allow: 200");
    expect(stdout).toContain("mesh/backend.yaml:24:7");
    expect(stdout).toContain("expected backend-allow to decide, actual no policy");
    expect(stdout).toContain("from.source.principals");
    expect(stdout).toContain("4 of 17 cases failed");
  });

  it("speaks JSON by its schema, JUnit and TAP", async () => {
    const schema = JSON.parse((await project.meshdev("schema", "test-report")).stdout) as object;
    const { code, stdout } = await project.meshdev("test", "-o", "json", "--select", "nobody else");
    expect(code).toBe(4);
    const report: unknown = JSON.parse(stdout);
    const ajv = new Ajv2020({ strict: false });
    expect(ajv.validate(schema, report), JSON.stringify(ajv.errors)).toBe(true);
    expect(report).toMatchObject({
      schemaVersion: 1,
      engine: "offline",
      counts: { cases: 2, passed: 0, failed: 2, skipped: 0, disagreements: 0 },
      cases: [{ offline: { verdict: "deny", by: null, decision: { reason: "no-allow-matched" } }, live: null }, {}],
    });
    expect((await project.meshdev("test", "-o", "junit")).stdout).toContain('tests="17" failures="4"');
    expect((await project.meshdev("test", "-o", "tap")).stdout).toMatch(/^TAP version 14\n1\.\.17\nnot ok 1 - /);
    project.write(tests, written);
  });

  it("tells what the tests do not protect: exit code 4 while a mutant survives", async () => {
    const whole = await project.meshdev("test", "--coverage", "--mutate");
    expect(whole.code).toBe(0);
    expect(whole.stdout).toContain("mesh/backend.yaml  policies 1 of 1  rules 1 of 1  clauses 3 of 3");
    expect(whole.stdout).toContain("mutants  15 of 15 were seen");
    const weak = await project.meshdev("test", "--coverage", "--mutate", "--select", "reads the API|past its sidecar");
    expect(weak.code).toBe(4);
    expect(weak.stdout).toContain("mesh/backend.yaml:26:13  never missed");
    expect(weak.stdout).toContain("drop the clause to.operation.methods [GET]");
    expect(weak.stdout).toContain("would be seen by  - { from: frontend, to: backend.default, method: POST, ");
    const ajv = new Ajv2020({ strict: false });
    const schema = JSON.parse((await project.meshdev("schema", "test-report")).stdout) as object;
    const report: unknown = JSON.parse((await project.meshdev("test", "--coverage", "--mutate", "--json")).stdout);
    expect(ajv.validate(schema, report), JSON.stringify(ajv.errors)).toBe(true);
    expect(report).toMatchObject({ mutation: { mutants: 15, killed: 15, survived: [] }, coverage: { uncovered: [] } });
  });

  it("keeps apart what is not valid and what is not there", async () => {
    project.write("more.mesh-test.yaml", "cases:\n  - {form: frontend, to: backend, expect: allow}\n");
    const broken = await project.meshdev("test");
    expect(broken.code).toBe(3);
    expect(broken.stderr).toContain("more.mesh-test.yaml:2:6 error MD1020 unknown key cases[0].form");
    expect(broken.stderr).toContain("did you mean from?");
    project.write("more.mesh-test.yaml", "cases:\n  - {from: frontent, to: backend, expect: allow}\n");
    const unknown = await project.meshdev("test", "more.mesh-test.yaml");
    expect(unknown).toMatchObject({ code: 3 });
    expect(unknown.stderr).toContain("MD1022 there is no service or workload frontent");
    expect(await project.meshdev("test", "none.mesh-test.yaml")).toMatchObject({ code: 2 });
    expect(await project.meshdev("test", "--select", "(")).toMatchObject({ code: 2 });
  });

  it("runs again when a policy or a test changes, and outlives files that are broken", async () => {
    const policies = project.read("mesh/backend.yaml");
    const watching = project.start("test", tests, "--watch");
    const output = collect(watching);
    const runs = (): number => output.stderr().split("waiting for changes").length - 1;
    await until("the first run", () => (runs() === 1 ? true : undefined));
    expect(output.stderr()).toContain("17 passed, 0 failed");
    project.write("mesh/backend.yaml", policies.replace('"GET"', '"POST"'));
    await until("the failures", () => (output.stdout().includes("of 17 cases failed") ? true : undefined));
    project.write("mesh/backend.yaml", policies.replace("action: ALLOW", "acton: ALLOW"));
    await until("the problem", () => (output.stderr().includes("acton") ? true : undefined));
    project.write("mesh/backend.yaml", policies);
    await until("all is well", () => (output.stderr().split("17 passed").length > 2 ? true : undefined));
    watching.kill("SIGINT");
    const [code] = await once(watching, "exit");
    expect(code).toBe(130);
    expect(await project.meshdev("test", "--watch", "-o", "json")).toMatchObject({ code: 2 });
  });

  it("asks the sidecars of the running mesh, and leaves it running", async () => {
    expect(await project.meshdev("up", "-d")).toMatchObject({ code: 0 });
    const { code, stdout, stderr } = await project.meshdev("test", tests, "--engine", "both", "-o", "json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { cases } = JSON.parse(stdout) as { readonly cases: readonly CaseReport[] };
    const verdicts = cases.map(({ live }) => live?.verdict);
    expect(verdicts).toEqual(cases.map(({ offline }) => offline?.verdict));
    expect(cases[0]?.live).toMatchObject({
      status: 200,
      by: { resource: "AuthorizationPolicy default/backend-allow" },
    });
    expect(cases.at(-1)?.live).toMatchObject({ verdict: "tls-fail", because: [{ line: 11 }] });
    expect((await project.meshdev("ps")).code).toBe(0);
    expect((await project.meshdev("down")).code).toBe(0);
  });

  it("starts a mesh where none runs, and ends it: random cases are decided there as on paper", async () => {
    const { lines, failures } = await prove({ count: 60, seed: 7, progress: () => undefined });
    expect(failures).toEqual([]);
    expect(lines[0]).toContain("60 cases on 1 random meshes both ways");
  });

  it("has a published schema for its files", async () => {
    const schema = JSON.parse((await project.meshdev("schema", "test")).stdout) as object;
    const ajv = new Ajv2020({ strict: false });
    expect(ajv.validate(schema, { cases: [{ from: "a", to: ["b"], expect: "allow", tls: ["mesh"] }] })).toBe(true);
    expect(ajv.validate(schema, { cases: [{ form: "a" }] })).toBe(false);
  });
});
