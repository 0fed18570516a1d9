import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { callsOf, createLoadProject } from "./support/load.ts";
import { collect, processesOf, until, type Project } from "./support/project.ts";

interface Ps {
  readonly dataPlane: { readonly pid: number | null; readonly restarts: number };
  readonly workloads: readonly {
    readonly id: string;
    readonly state: { readonly phase: string; readonly pid?: number };
  }[];
}

async function ps(project: Project): Promise<Ps> {
  return JSON.parse((await project.meshdev("ps", "-o", "json")).stdout) as Ps;
}

/** Nothing of the mesh is left: no process, no socket file. */
async function expectNothingLeft(project: Project): Promise<void> {
  await until("every process to end", () => (processesOf(project).length === 0 ? true : undefined), 5000);
  await until(
    "socket files to go",
    () => {
      const left = readdirSync(project.env["XDG_RUNTIME_DIR"] ?? "", { recursive: true }).filter((name) =>
        String(name).endsWith(".sock"),
      );
      return left.length === 0 ? true : undefined;
    },
    5000,
  );
}

const linuxOnly = process.platform === "linux";

describe.skipIf(!linuxOnly)("what a SIGKILL leaves behind", () => {
  it("down ends everything", async () => {
    await using project = await createLoadProject();
    expect(await project.meshdev("up", "-d")).toMatchObject({ code: 0 });
    expect(processesOf(project).length).toBeGreaterThan(3);
    expect(await project.meshdev("down")).toMatchObject({ code: 0 });
    await expectNothingLeft(project);
  });

  it("a killed CLI stops the mesh it owns", async () => {
    await using project = await createLoadProject();
    const up = project.start("up", "-o", "ndjson");
    const output = collect(up);
    await until("an exchange", () => (output.stdout().includes("exchange.completed") ? true : undefined));
    up.kill("SIGKILL");
    await expectNothingLeft(project);
  });

  it("a killed daemon takes everything with it", async () => {
    await using project = await createLoadProject();
    expect(await project.meshdev("up", "-d")).toMatchObject({ code: 0 });
    const state = await ps(project);
    const children = new Set([state.dataPlane.pid, ...state.workloads.map((workload) => workload.state.pid)]);
    const daemon = processesOf(project).find(
      (pid) => !children.has(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("daemon"),
    );
    if (daemon === undefined) throw new Error("no daemon found");
    process.kill(daemon, "SIGKILL");
    await expectNothingLeft(project);
  });

  it("a killed data plane is replaced while the programs keep running", async () => {
    await using project = await createLoadProject();
    expect(await project.meshdev("up", "-d")).toMatchObject({ code: 0 });
    const before = await ps(project);
    if (before.dataPlane.pid === null) throw new Error("no data plane");
    const killedAt = Date.now();
    process.kill(before.dataPlane.pid, "SIGKILL");
    const first = await until("an answered call", async () =>
      (await callsOf(project, "frontend")).find((call) => call.begun > killedAt && call.status === 200),
    );
    const after = await ps(project);
    expect(after.dataPlane.pid).not.toBe(before.dataPlane.pid);
    expect(after.workloads.map((workload) => workload.state.pid)).toEqual(
      before.workloads.map((workload) => workload.state.pid),
    );
    expect(first.n).toBeGreaterThan(0);
  });

  it("a hung data plane is found by its heartbeat and replaced", async () => {
    await using project = await createLoadProject();
    expect(await project.meshdev("up", "-d")).toMatchObject({ code: 0 });
    const before = await ps(project);
    if (before.dataPlane.pid === null) throw new Error("no data plane");
    const stoppedAt = Date.now();
    process.kill(before.dataPlane.pid, "SIGSTOP");
    await until("an answered call", async () =>
      (await callsOf(project, "frontend")).find((call) => call.begun > stoppedAt + 50 && call.status === 200),
    );
    expect((await ps(project)).dataPlane.restarts).toBeGreaterThan(0);
  });
});
