import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../runtime/core/clock.ts";
import { buildHookConfig, type HookPlace } from "../../../runtime/host/hook-config.ts";
import { createHostRunner, type HostRunner } from "../../../runtime/host/host-runner.ts";
import { startReaper, type Reaper } from "../../../runtime/host/reaper/reaper.ts";
import { currentUser } from "../../../runtime/host/session-folder.ts";
import { openSession, type Session } from "../../../runtime/host/session.ts";
import type { Mesh, Workload } from "../../../runtime/model/mesh.ts";
import type { RunningProgram } from "../../../runtime/workload/runner.ts";
import { makeWorkload, type WorkloadSketch } from "../workload/workloads.ts";

const user = currentUser({});
let folder = "";
let session: Session;
let reaper: Reaper;
let runner: HostRunner;
let lines: string[] = [];
let openPorts: string[] = [];
let bypasses: string[] = [];
const programs: RunningProgram[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "md-runner-"));
  mkdirSync(join(folder, "run"), { mode: 0o700 });
  const opened = openSession(folder, user, { XDG_RUNTIME_DIR: join(folder, "run") });
  if (opened.kind !== "opened") throw new Error("already running");
  session = opened.session;
  reaper = startReaper({ id: session.id, folder: session.paths.root });
  lines = [];
  openPorts = [];
  bypasses = [];
  const place: HookPlace = {
    ...session.paths,
    socketAddress: (address, port) => ({ host: address.replace("10.244", "127.233"), port }),
    alias: 233,
  };
  const mesh = { services: [], workloads: [] } as unknown as Mesh;
  runner = createHostRunner({
    session,
    user,
    reaper,
    clock: systemClock,
    place,
    env: { PATH: process.env["PATH"] },
    configOf: (workload) => buildHookConfig(mesh, { ready: new Set() }, workload, place),
    onOpenPort: (workload, port) => openPorts.push(`${workload.id}:${port}`),
    onBypass: (workload, what) => bypasses.push(`${workload.id} ${what}`),
  });
});
afterEach(async () => {
  for (const program of programs.splice(0)) await program.stop();
  runner.close();
  await reaper.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(
  name: string,
  code: string,
  sketch: WorkloadSketch = {},
  wrap: readonly string[] = [],
): Promise<Workload> {
  const workload = makeWorkload(name, {
    ...sketch,
    program: { cwd: folder, command: [...wrap, process.execPath, "-e", code], ...sketch.program },
  });
  programs.push(await runner.start(workload, (_, line) => lines.push(line)));
  return workload;
}

const untilReady = (workload: Workload): Promise<void> =>
  vi.waitFor(async () => expect(await runner.probe(workload)).toEqual({ ok: true, reason: "" }), {
    timeout: 10_000,
    interval: 20,
  });

describe.skipIf(process.platform !== "linux")("running programs behind the hook", () => {
  it("two programs on the same port; each is ready when its own socket listens, and sees no probe", async () => {
    const code = `const s = require("net").createServer(() => console.log("a connection")).listen(8080, () => console.log("up " + s.address().port))`;
    const [a, b] = [await start("a", code), await start("b", code)];
    await Promise.all([untilReady(a), untilReady(b)]);
    for (let n = 0; n < 5; n += 1) await runner.probe(a);
    await vi.waitFor(() => {
      expect(lines).toEqual(["up 8080", "up 8080"]);
    });
    expect(Object.keys(runner.usage()).toSorted()).toEqual(["a-1", "b-1"]);
    await programs.shift()?.stop();
    expect(await runner.probe(a)).toEqual({ ok: false, reason: "port 8080 does not accept" });
    expect((await runner.probe(b)).ok).toBe(true);
    expect([openPorts, bypasses]).toEqual([[], []]);
  });

  it("an HTTP probe passes when the path answers well", async () => {
    const ready = { kind: "http", path: "/healthz", port: 8080, everyMs: 1000 } as const;
    const workload = await start(
      "web",
      `let ok = false; require("http").createServer((q, r) => { r.statusCode = ok ? 204 : 503; r.end(); ok = q.url === "/healthz"; }).listen(8080)`,
      { program: { ready } },
    );
    await vi.waitFor(
      async () => expect(await runner.probe(workload)).toEqual({ ok: false, reason: "/healthz answered 503" }),
      10_000,
    );
    expect(await runner.probe(workload)).toEqual({ ok: true, reason: "" });
    await programs.shift()?.stop();
    expect((await runner.probe(workload)).reason).toMatch(/^\/healthz: connect/);
  });

  it("an outsider listens on its own address", async () => {
    const workload = await start("out", `require("net").createServer().listen(18480)`, {
      sidecar: false,
      address: "10.244.0.77",
      ports: [{ name: "http", port: 18_480 }],
    });
    await untilReady(workload);
    expect(bypasses).toEqual([]);
  });

  it("a program that the hook does not enter and that listens in the open is ready, and told", async () => {
    const port = await freePort();
    const workload = await start(
      "py",
      `require("net").createServer().listen(process.env.PORT, "127.0.0.1")`,
      { ports: [{ name: "http", port }] },
      ["env", "-u", "NODE_OPTIONS"],
    );
    await untilReady(workload);
    expect(openPorts).toEqual([`py-1:${port}`]);
    expect(bypasses).toEqual([`py-1 listens on TCP port ${port} in the open; STRICT cannot be enforced for py-1`]);
  });

  it("a connection past the sidecar is told once", async () => {
    const callee = createServer(() => undefined).listen(0, "127.233.0.9");
    await vi.waitFor(() => expect(callee.listening).toBe(true));
    const address = callee.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    await start("sneaky", `require("net").connect(${port}, "127.233.0.9"); setInterval(() => {}, 1000)`, { ports: [] });
    await vi.waitFor(
      () => expect(bypasses).toEqual([`sneaky-1 connects to 127.233.0.9:${port} past its sidecar`]),
      10_000,
    );
    callee.close();
    callee.unref();
  });

  it("jobs need no probe; without a program there is nothing to run", async () => {
    const job = makeWorkload("job", { program: { ready: { kind: "spawn" } } });
    expect(await runner.probe(job)).toEqual({ ok: true, reason: "" });
    await expect(runner.start(makeWorkload("none", { program: undefined }), () => undefined)).rejects.toThrow(
      /nothing to run/,
    );
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await vi.waitFor(() => expect(server.listening).toBe(true));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  await new Promise((done) => server.close(done));
  return port;
}
