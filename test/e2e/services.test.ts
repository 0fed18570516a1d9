import { execFile } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, createSampleProject, type Project } from "./support/project.ts";

interface Shown {
  readonly id: string;
  readonly service: string;
  readonly state: { readonly phase: string; readonly pid?: number };
}

/** Single services of a running mesh, and requests and shells in their name. */
describe("services of a running mesh", () => {
  let project: Project;

  beforeAll(async () => {
    project = await createSampleProject();
    expect(await project.meshdev("up", "-d")).toMatchObject({ code: 0 });
  });
  afterAll(() => project[Symbol.asyncDispose]());

  async function workloads(service: string): Promise<readonly Shown[]> {
    const { stdout } = await project.meshdev("ps", "-o", "json");
    const { workloads: all } = JSON.parse(stdout) as { readonly workloads: readonly Shown[] };
    return all.filter((each) => each.service === service);
  }

  it("restarts one: it is another process, and ready when the command returns", async () => {
    const [before] = await workloads("backend");
    expect(await project.meshdev("restart", "backend")).toEqual({ code: 0, stdout: "", stderr: "restarted backend\n" });
    const [after] = await workloads("backend");
    expect(after?.state.phase).toBe("ready");
    expect(after?.state.pid).not.toBe(before?.state.pid);
  });

  it("stops and starts one, by its key or one instance's name", async () => {
    expect((await project.meshdev("stop", "intruder")).code).toBe(0);
    expect(await workloads("intruder")).toMatchObject([{ state: { phase: "stopped" } }]);
    expect((await project.meshdev("start", "intruder-1")).code).toBe(0);
    expect(await workloads("intruder")).toMatchObject([{ state: { phase: "ready" } }]);
  });

  it("scales one up and down again, whatever the project file says", async () => {
    expect(await project.meshdev("scale", "backend=3")).toMatchObject({ code: 0, stderr: "backend has 3 instances\n" });
    expect((await workloads("backend")).map(({ id, state }) => `${id} ${state.phase}`)).toEqual([
      "backend-1 ready",
      "backend-2 ready",
      "backend-3 ready",
    ]);
    // An edit of the files keeps the number.
    project.write("meshdev.yaml", `${project.read("meshdev.yaml")}\n# edited\n`);
    expect((await project.meshdev("scale", "backend=1", "intruder=0")).code).toBe(0);
    expect((await workloads("backend")).map(({ id }) => id)).toEqual(["backend-1"]);
    expect(await workloads("intruder")).toEqual([]);
    expect((await project.meshdev("scale", "intruder=1")).code).toBe(0);
  });

  it.each([
    [["scale", "nothing=2"], "MD7006"],
    [["scale", "backend"], "MD8001"],
    [["scale", "backend=999"], "MD7003"],
    [["restart", "nothing"], "MD7006"],
    [["send", "nobody", "backend"], "MD7006"],
    [["shell", "nobody"], "MD7006"],
  ])("refuses %j", async (args, code) => {
    const { code: exit, stderr } = await project.meshdev(...args);
    expect(exit).not.toBe(0);
    expect(stderr).toContain(code);
  });

  it("sends a request in the name of a service and tells both sidecars' part", async () => {
    const allowed = await project.meshdev("send", "frontend", "backend", "GET", "/api/data", "--expect", "200");
    expect(allowed.code).toBe(0);
    expect(allowed.stdout).toContain("spiffe://cluster.local/ns/default/sa/frontend");
    expect(allowed.stderr).toMatch(/^200 .*\n.* OK .*\n.* ALLOW .*backend-allow rule 0 mesh\/backend.yaml:\d+/);
    const denied = await project.meshdev("send", "intruder", "backend.default", "GET", "/api/data", "--expect", "200");
    expect(denied).toMatchObject({ code: 4, stdout: "RBAC: access denied\n" });
    expect(denied.stderr).toContain("expected 200, got 403");
  });

  it("sends a body, and headers", async () => {
    const { stdout } = await project.meshdev("send", "frontend", "backend", "-d", "x", "-H", "x-a: 1", "-o", "json");
    expect(JSON.parse(stdout)).toMatchObject({
      answer: { status: 403 },
      hops: [{ method: "POST", bytes: { in: 1 } }, {}],
    });
  });

  it("says that there was no answer, and ends with 4", async () => {
    const refused = await project.meshdev("send", "outsider", "backend", "-o", "json");
    expect(refused.code).toBe(4);
    expect(JSON.parse(refused.stdout)).toMatchObject({ answer: { error: expect.any(String) as unknown }, hops: [] });
  });

  it("opens a shell in the name of a service", async () => {
    project.write(
      "shell.sh",
      `#!/bin/sh
exec node -e 'fetch("http://backend:8080/api/data").then((answer) => console.log(answer.status, process.env.MESHDEV_AS))'
`,
    );
    const shell = join(project.directory, "shell.sh");
    chmodSync(shell, 0o755);
    const { stdout } = await promisify(execFile)(process.execPath, [cli, "shell", "svc/frontend"], {
      cwd: project.directory,
      env: { ...project.env, SHELL: shell },
    });
    expect(stdout).toBe("200 frontend\n");
  });
});
