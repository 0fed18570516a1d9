import { createServer } from "node:http";
import { connect as connectSocket } from "node:net";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { connect, findSession, listSessions, schema, startDaemon, type StateLine } from "../../../runtime/index.ts";
import type { StreamedEvent } from "../../../runtime/model/event.ts";
import type { MeshState } from "../../../runtime/model/state.ts";
import { reduce } from "../../../runtime/store/reduce.ts";
import {
  allow,
  createProject,
  freePort,
  pairProject,
  processesOf,
  startHere,
  startLive,
  startPair,
  type LiveMesh,
} from "./live-mesh.ts";

const patience = { timeout: 10_000, interval: 20 };

describe("a running mesh", () => {
  let mesh: LiveMesh;
  beforeAll(async () => {
    mesh = await startPair({}, startHere);
  });
  afterAll(async () => {
    await mesh[Symbol.asyncDispose]();
  });

  it("lets the allowed call through, with the caller's identity, and refuses the other", async () => {
    const allowed = await mesh.call("/api/data");
    expect(allowed.status).toBe(200);
    expect(allowed.body).toContain("URI=spiffe://cluster.local/ns/default/sa/frontend");
    expect(await mesh.call("/secret")).toEqual({ status: 403, body: "RBAC: access denied" });
  });

  it("tells its state: live sidecars, ready programs, certificates, modes", async () => {
    const state = await mesh.client.state();
    expect(state.generation).toMatchObject({ number: 1, live: 2, total: 2, waiting: [] });
    expect(state.workloads).toMatchObject([
      {
        id: "frontend-1",
        acked: 1,
        state: { phase: "ready" },
        certificate: { spiffe: "spiffe://cluster.local/ns/default/sa/frontend" },
      },
      { id: "backend-1", acked: 1, mtls: { "8080": "STRICT" }, state: { phase: "ready" } },
    ]);
    expect(state.services.map((service) => service.endpoints)).toEqual([["frontend-1"], ["backend-1"]]);
    expect(state.resources.find((resource) => resource.kind === "AuthorizationPolicy")).toMatchObject({
      selects: ["backend-1"],
      line: 1,
    });
    expect(state.workloads[0]?.resources.rssBytes).toBeGreaterThan(1_000_000);
  });

  it("streams what happened, explained, and finds it by id", async () => {
    await mesh.call("/secret");
    const denied = await vi.waitFor(() => {
      const found = mesh.find("exchange.completed").find((event) => event.decision?.verdict === "deny");
      if (found === undefined) throw new Error("no denial yet");
      return found;
    }, patience);
    expect(denied.decision).toMatchObject({
      reason: "no-allow-matched",
      tried: [{ result: "missed", missed: { field: "to.operation.paths", file: "mesh/allow.yaml" } }],
    });
    expect(await mesh.client.event(denied.id)).toMatchObject({ id: denied.id, path: "/secret" });
    expect(await mesh.client.event("last-refusal")).toMatchObject({ type: "exchange.completed", path: "/secret" });
    expect(await mesh.client.event("last-denial")).toMatchObject({ type: "exchange.completed", path: "/secret" });
    expect(await mesh.client.event("nothing")).toBeUndefined();
  });

  it("every line of the stream is what the schema says, and folds to the state of line one of a new stream", async () => {
    const validate = new Ajv2020({ strict: false }).compile(Object(await schema("events")));
    for (const line of mesh.lines) expect(validate(line), JSON.stringify([line, validate.errors])).toBe(true);
    expect(mesh.lines.map((line) => line.seq)).toEqual(mesh.lines.map((_, at) => at));
    expect(new Set(mesh.lines.map((line) => line.type))).toContain("svid.issued");
    const [first, ...rest] = mesh.lines;
    if (first?.type !== "state") throw new Error("line one is not the state");
    const events = rest.filter((line): line is StreamedEvent => line.type !== "state");
    const folded = events.reduce(reduce, first.state);
    const now = await mesh.client.state();
    expect(folded.generation).toEqual(now.generation);
    const steady = (state: MeshState): unknown =>
      state.workloads.map((workload) => ({ ...workload, resources: null, traffic: null }));
    expect(steady(folded)).toEqual(steady(now));
    const validateState = new Ajv2020({ strict: false }).compile(Object(await schema("state")));
    expect(validateState(now), JSON.stringify(validateState.errors)).toBe(true);
  });

  it("a second subscriber gets the past, marked, and an end when it does not follow", async () => {
    const lines: (StateLine | StreamedEvent)[] = [];
    for await (const line of mesh.client.events({ replay: true, follow: false })) lines.push(line);
    expect(lines[0]).toMatchObject({ type: "state", seq: 0 });
    expect(lines.slice(1).every((line) => line.type !== "state" && line.replayed === true)).toBe(true);
    expect(lines.some((line) => line.type === "workload.logged" && line.line === "listens")).toBe(true);
    expect(lines.some((line) => line.type === "handshake.completed")).toBe(true);
  });

  it("a saved policy goes live as the next generation, for every decision after it", async () => {
    const before = await mesh.client.state();
    mesh.write(
      "mesh/allow.yaml",
      `${allow("frontend", "/secret")}# longer than before, so that it cannot be half of it\n`,
    );
    const applied = await vi.waitFor(() => {
      const found = mesh.find("snapshot.applied").find((event) => event.generation > before.generation.number);
      if (found === undefined) throw new Error("not yet");
      return found;
    }, patience);
    expect(applied).toMatchObject({ generation: before.generation.number + 1, live: 2, total: 2, waiting: [] });
    expect(applied.ms).toBeGreaterThan(0);
    expect((await mesh.call("/secret")).status).toBe(200);
    expect((await mesh.call("/api/data")).status).toBe(403);
    expect((await mesh.client.state()).generation.changes).toEqual([
      "AuthorizationPolicy default/backend-allow changed",
    ]);
    expect((await mesh.client.snapshot("backend-1"))?.inbound.http.policies).toHaveLength(1);
    expect(await mesh.client.snapshot("nobody")).toBeUndefined();
  });

  it("a broken file changes nothing and says where it is broken; mended, the problem is gone", async () => {
    const { generation } = await mesh.client.state();
    const good = `${allow("frontend", "/secret")}# longer than before, so that it cannot be half of it\n`;
    mesh.write("mesh/allow.yaml", `${good}\nbroken: [`);
    await vi.waitFor(async () => {
      expect((await mesh.client.state()).problems).toMatchObject([
        { code: "MD1001", severity: "error", at: { file: "mesh/allow.yaml" } },
      ]);
    }, patience);
    expect(mesh.find("mesh.rejected")).toHaveLength(1);
    expect((await mesh.client.state()).generation.number).toBe(generation.number);
    expect((await mesh.call("/secret")).status).toBe(200);
    mesh.write("mesh/allow.yaml", good);
    await vi.waitFor(async () => {
      expect((await mesh.client.state()).problems).toEqual([]);
    }, patience);
    expect((await mesh.client.state()).generation.number).toBe(generation.number);
  });

  it("lends the identity of a service for as long as the client stays", async () => {
    const borrower = await connect(mesh.session);
    const answer = await borrower.command({ type: "lease.acquire", service: "frontend" });
    if (!answer.ok) throw new Error(answer.message);
    expect(answer.lease).toBe("frontend#exec-1");
    const { execFileSync } = await import("node:child_process");
    const script = `fetch("http://backend:8080/secret").then(async (r) => console.log(r.status, await r.text()))`;
    const output = execFileSync(process.execPath, ["-e", script], {
      encoding: "utf8",
      env: { ...process.env, ...answer.env },
    });
    expect(output).toContain("200");
    expect(output).toContain("URI=spiffe://cluster.local/ns/default/sa/frontend");
    expect(
      (await mesh.client.state()).services.every((service) => !service.endpoints.includes("frontend#exec-1")),
    ).toBe(true);
    const snapshot = await mesh.client.snapshot("frontend#exec-1");
    expect(
      Object.values(snapshot?.outbound.clusters ?? {}).flatMap((cluster) =>
        cluster.endpoints.map((endpoint) => endpoint.workload),
      ),
    ).not.toContain("frontend#exec-1");
    await borrower.close();
    await vi.waitFor(async () => {
      expect(await mesh.client.snapshot("frontend#exec-1")).toBeUndefined();
    }, patience);
    const again = await mesh.client.command({ type: "lease.acquire", service: "backend" });
    if (!again.ok) throw new Error(again.message);
    expect(await mesh.client.command({ type: "lease.release", lease: again.lease ?? "" })).toEqual({ ok: true });
    expect(await mesh.client.command({ type: "lease.release", lease: "backend#exec-9" })).toMatchObject({ ok: false });
  });

  it("restarts, stops and starts programs on command, and says what it does not know", async () => {
    const pid = async (): Promise<unknown> => {
      const state = (await mesh.client.state()).workloads.find((workload) => workload.id === "backend-1")?.state;
      return state?.phase === "ready" ? state.pid : state?.phase;
    };
    const first = await pid();
    expect(await mesh.client.command({ type: "workload.restart", service: "backend" })).toEqual({ ok: true });
    await vi.waitFor(async () => {
      expect(await pid()).toBeTypeOf("number");
      expect(await pid()).not.toBe(first);
    }, patience);
    await mesh.client.command({ type: "workload.stop", service: "backend" });
    await vi.waitFor(async () => {
      expect(await pid()).toBe("stopped");
    }, patience);
    expect(await mesh.call("/secret")).toMatchObject({ status: 503, body: "no healthy upstream" });
    await mesh.client.command({ type: "workload.start", service: "backend" });
    await vi.waitFor(async () => {
      expect((await mesh.call("/secret")).status).toBe(200);
    }, patience);
    for (const type of ["workload.restart", "workload.stop", "workload.start", "lease.acquire"] as const) {
      expect(await mesh.client.command({ type, service: "nobody" })).toMatchObject({
        ok: false,
        code: "MD7006",
        hint: expect.stringContaining("frontend"),
      });
    }
  });

  it("looks at its files again on command", async () => {
    expect(await mesh.client.command({ type: "mesh.reload" })).toEqual({ ok: true });
    expect((await mesh.client.state()).problems).toEqual([]);
  });

  it("renews a certificate on command", async () => {
    const serial = async (): Promise<string | undefined> =>
      (await mesh.client.state()).workloads[0]?.certificate?.serial;
    const before = await serial();
    expect(await mesh.client.command({ type: "svid.rotate", proxy: "frontend-1" })).toEqual({ ok: true });
    await vi.waitFor(async () => {
      expect(await serial()).not.toBe(before);
    }, patience);
    expect(mesh.find("svid.rotated")).toHaveLength(1);
    expect(await mesh.client.command({ type: "svid.rotate", proxy: "nobody" })).toMatchObject({ ok: false });
  });

  it("survives whatever is written to its control socket", async () => {
    const long = "x".repeat(200_000);
    const hostile = [
      "\0\u0001\u0002",
      "GET //[ HTTP/1.1\r\nhost: a\r\n\r\n",
      "GET /v1/state HTTP/9.9\r\n\r\n",
      `GET /${long} HTTP/1.1\r\nhost: a\r\n\r\n`,
      `GET /v1/state HTTP/1.1\r\nhost: a\r\nx: ${long}\r\n\r\n`,
      "POST /v1/commands HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc",
      `POST /v1/commands HTTP/1.1\r\nhost: a\r\ncontent-length: ${long.length}\r\n\r\n${long}`,
      "POST /v1/commands HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
      'POST /v1/commands HTTP/1.1\r\nhost: a\r\ncontent-length: 24\r\n\r\n{"type":"workload.stop"}',
      'POST /v1/commands HTTP/1.1\r\nhost: a\r\ncontent-length: 17\r\n\r\n{"type":"no.such"}',
      "POST /v1/commands HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nnull",
      "GET /v1/events/%E0%A4%A HTTP/1.1\r\nhost: a\r\n\r\n",
      "DELETE /v1/state HTTP/1.1\r\nhost: a\r\n\r\n",
      "GET /v2/state HTTP/1.1\r\nhost: a\r\n\r\n",
    ];
    await Promise.all(
      hostile.map(
        (bytes) =>
          new Promise<void>((resolve) => {
            const socket = connectSocket(mesh.session.socket);
            socket.on("error", () => undefined);
            socket.on("close", () => {
              resolve();
            });
            socket.resume();
            socket.end(bytes, "latin1");
          }),
      ),
    );
    // Readers that never read, and that leave at once.
    const lazy = connectSocket(mesh.session.socket);
    lazy.pause();
    lazy.write("GET /v1/events?replay=1 HTTP/1.1\r\nhost: a\r\n\r\n");
    const hasty = connectSocket(mesh.session.socket, () => {
      hasty.write("GET /v1/events?replay=1 HTTP/1.1\r\nhost: a\r\n\r\n");
      hasty.destroy();
    });
    expect((await mesh.client.state()).mesh).not.toBe("");
    expect((await mesh.call("/secret")).status).toBe(200);
    lazy.destroy();
  });

  it("is found from its folder, and not started twice", async () => {
    expect(await findSession(mesh.directory)).toEqual(mesh.session);
    expect(await listSessions()).toContainEqual(mesh.session);
    await expect(startDaemon({ directory: mesh.directory })).rejects.toMatchObject({ code: "MD7005" });
  });

  it("a service that is added starts, one that is removed stops, its sidecar with it", async () => {
    const project = pairProject(0)["meshdev.yaml"] ?? "";
    const port = mesh.lines[0]?.type === "state" ? mesh.lines[0].state.workloads[0]?.published[0]?.hostPort : undefined;
    const published = project.replace("publish: 0", `publish: ${String(port)}`);
    mesh.write(
      "meshdev.yaml",
      published.replace("mesh: ./mesh", "  extra: {run: [node, server.mjs], port: 8080}\nmesh: ./mesh"),
    );
    await vi.waitFor(async () => {
      const state = await mesh.client.state();
      expect(state.workloads.find((workload) => workload.id === "extra-1")).toMatchObject({
        state: { phase: "ready" },
        acked: state.generation.number,
      });
      expect(state.generation).toMatchObject({ live: 3, total: 3 });
    }, patience);
    mesh.write("meshdev.yaml", published);
    await vi.waitFor(async () => {
      const state = await mesh.client.state();
      expect(state.workloads.map((workload) => workload.id)).toEqual(["frontend-1", "backend-1"]);
      expect(state.generation).toMatchObject({ live: 2, total: 2 });
      expect(await mesh.client.snapshot("extra-1")).toBeUndefined();
    }, patience);
    expect((await mesh.call("/secret")).status).toBe(200);
  });
});

describe("kills", () => {
  it("a data plane that is killed, and one that is stopped, are replaced; programs keep running", async () => {
    await using mesh = await startPair({}, startHere);
    const before = await mesh.client.state();
    for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
      const { dataPlane } = await mesh.client.state();
      if (dataPlane.pid === null) throw new Error("no data plane");
      process.kill(dataPlane.pid, signal);
      await vi.waitFor(async () => {
        expect((await mesh.client.state()).dataPlane).toMatchObject({
          restarts: dataPlane.restarts + 1,
          pid: expect.any(Number),
        });
      }, patience);
      await vi.waitFor(async () => {
        expect((await mesh.call("/api/data")).status).toBe(200);
      }, patience);
    }
    const after = await mesh.client.state();
    expect(after.workloads.map((workload) => workload.state)).toEqual(
      before.workloads.map((workload) => workload.state),
    );
    expect(mesh.find("dataplane.lost").map((event) => event.reason)).toEqual([
      "was killed by SIGKILL",
      "was stopped by a signal",
    ]);
    expect(after.generation).toMatchObject({ number: 1, live: 2, total: 2 });
  });

  it("a client that owned the mesh and is gone takes it along", async () => {
    await using mesh = await startPair();
    mesh.abandon();
    await mesh.expectGone();
    expect(processesOf(mesh.session.id)).toEqual([]);
  });

  it("a program that does not want to end goes with the others", async () => {
    const directory = createProject({
      "meshdev.yaml": "services:\n  stubborn: {run: [node, stubborn.mjs]}\n",
      "stubborn.mjs": `process.on("SIGTERM", () => console.log("no")); setInterval(() => undefined, 1000); console.log("armed");`,
    });
    await using mesh = await startLive(directory, 0);
    await vi.waitFor(() => {
      expect(mesh.find("workload.logged").map((event) => event.line)).toContain("armed");
    }, patience);
    mesh.abandon();
    await mesh.expectGone();
    expect(processesOf(mesh.session.id)).toEqual([]);
  });

  it("a mesh that was detached stays when its owner goes, until it is told to stop", async () => {
    await using mesh = await startPair();
    expect(await mesh.client.command({ type: "mesh.detach" })).toEqual({ ok: true });
    mesh.abandon();
    expect((await mesh.call("/api/data")).status).toBe(200);
    expect(await mesh.client.command({ type: "mesh.stop" })).toEqual({ ok: true });
    await mesh.expectGone();
    await expect(mesh.client.state()).rejects.toMatchObject({ code: "MD7002" });
    expect(await findSession(mesh.directory)).toBeUndefined();
  });

  it("a daemon that is killed leaves no process and no file", async () => {
    await using mesh = await startPair({ detach: true });
    expect(processesOf(mesh.session.id).length).toBeGreaterThan(2);
    process.kill(mesh.session.pid, "SIGKILL");
    await mesh.expectGone();
  });

  it("SIGTERM is an orderly end", async () => {
    await using mesh = await startPair({ detach: true });
    process.kill(mesh.session.pid, "SIGTERM");
    await mesh.expectGone();
    expect(await findSession(mesh.directory)).toBeUndefined();
  });
});

describe("starts", () => {
  it("refuse invalid files with every problem, and leave nothing", async () => {
    const directory = createProject({
      ...pairProject(await freePort()),
      "mesh/bad.yaml": allow("x", "/").replace("rules:", "ruels:"),
      "mesh/worse.yaml": "a: [",
    });
    const failure: unknown = await startDaemon({ directory }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      problems: expect.arrayContaining([
        expect.objectContaining({ code: "MD1001" }),
        expect.objectContaining({ at: expect.objectContaining({ file: "mesh/bad.yaml" }) }),
      ]),
    });
    expect(await findSession(directory)).toBeUndefined();
  });

  it("with --allow-invalid run without what is invalid, and say so", async () => {
    const port = await freePort();
    const directory = createProject({
      ...pairProject(port),
      "mesh/bad.yaml": allow("x", "/").replace("backend-allow", "other").replace("rules:", "ruels:"),
    });
    await using mesh = await startLive(directory, port, { allowInvalid: true }, startHere);
    expect((await mesh.client.state()).missing).toEqual(["AuthorizationPolicy default/other"]);
    expect((await mesh.call("/api/data")).status).toBe(200);
  });

  it("refuse a port that is taken, and name who has it", async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
    const address = holder.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const directory = createProject(pairProject(address.port));
    await expect(startDaemon({ directory })).rejects.toMatchObject({
      code: "MD6003",
      message: expect.stringContaining(String(process.pid)),
    });
    holder.close();
  });

  it("refuse a folder without project file, and a service that nobody declares", async () => {
    const directory = createProject({ "other.txt": "" });
    await expect(startDaemon({ directory })).rejects.toMatchObject({ code: "MD1003" });
    const pair = createProject(pairProject(await freePort()));
    await expect(startDaemon({ directory: pair, services: ["nobody"] })).rejects.toMatchObject({ code: "MD7006" });
  });

  it("report a program that cannot start to who waits, and end", async () => {
    const directory = createProject({ "meshdev.yaml": "services:\n  lost: {run: [no-such-program-here]}\n" });
    const started = await startDaemon({ directory, detach: true });
    expect(await started.ready).toMatchObject({
      ok: false,
      failure: { exit: 5, message: expect.stringContaining("no-such-program-here") },
    });
    await vi.waitFor(async () => {
      expect(await findSession(directory)).toBeUndefined();
    }, patience);
  });

  it("run only the services that were named, with what they need, however many are declared", async () => {
    const many = Array.from({ length: 997 }, (_, n) => `  s${n}: {run: [node, server.mjs], port: 8080}`).join("\n");
    const port = await freePort();
    const project = pairProject(port)["meshdev.yaml"] ?? "";
    const directory = createProject({
      ...pairProject(port),
      "meshdev.yaml": project.replace("mesh: ./mesh", `${many}\nmesh: ./mesh`),
    });
    await using mesh = await startLive(directory, port, { services: ["frontend"] }, startHere);
    const state = await mesh.client.state();
    expect(state.workloads).toHaveLength(999);
    expect(
      state.workloads.filter((workload) => workload.state.phase !== "stopped").map((workload) => workload.id),
    ).toEqual(["frontend-1", "backend-1"]);
    expect(state.generation).toMatchObject({ live: 2, total: 2 });
    expect((await mesh.call("/api/data")).status).toBe(200);
    await mesh.client.command({ type: "workload.start", service: "s5" });
    await vi.waitFor(async () => {
      expect((await mesh.client.state()).workloads.find((workload) => workload.id === "s5-1")?.state.phase).toBe(
        "ready",
      );
    }, patience);
  });

  it("keep several meshes apart, in addresses too", async () => {
    await using one = await startPair();
    await using two = await startPair();
    expect((await one.call("/api/data")).status).toBe(200);
    expect((await two.call("/api/data")).status).toBe(200);
    const ranges = [one, two].map(
      (mesh) =>
        mesh
          .find("listener.bound")
          .find((event) => /^127\.\d+\.\d+\.\d+:8080$/.test(event.address))
          ?.address.split(".")[1],
    );
    expect(ranges[0]).toBeDefined();
    expect(ranges[0]).not.toBe(ranges[1]);
  });

  it("go on with a CA in memory when it cannot be stored, and say so", async () => {
    const port = await freePort();
    const directory = createProject({ ...pairProject(port), "not-a-folder": "" });
    vi.stubEnv("XDG_STATE_HOME", `${directory}/not-a-folder`);
    await using mesh = await startLive(directory, port, {}, startHere);
    expect((await mesh.client.state()).problems).toMatchObject([{ code: "MD6004", severity: "warning" }]);
    expect((await mesh.call("/api/data")).status).toBe(200);
  });

  it("without watching files read them again only when they are told to", async () => {
    await using mesh = await startPair({ watch: false }, startHere);
    mesh.write("mesh/allow.yaml", allow("frontend", "/secret"));
    expect((await mesh.call("/secret")).status).toBe(403);
    expect(await mesh.client.command({ type: "mesh.reload" })).toEqual({ ok: true });
    await vi.waitFor(async () => {
      expect((await mesh.call("/secret")).status).toBe(200);
    }, patience);
    expect((await mesh.client.state()).generation).toMatchObject({ number: 2 });
  });

  it("with short-lived certificates renew them at half of their life", async () => {
    await using mesh = await startPair({ svidTtlMs: 4_000 }, startHere);
    await vi.waitFor(() => {
      expect(mesh.find("svid.rotated").length).toBeGreaterThanOrEqual(2);
    }, patience);
    expect((await mesh.call("/api/data")).status).toBe(200);
  });
});
