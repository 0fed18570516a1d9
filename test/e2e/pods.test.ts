import { spawn, spawnSync } from "node:child_process";
import type { Duplex } from "node:stream";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { describeProbe, probePods } from "../../runtime/host/pods/probe.ts";
import { connect as connectTo } from "../../runtime/index.ts";
import { currentUser } from "../../runtime/host/session-folder.ts";
import { playRound } from "../prove/pod-chaos.ts";
import { createProject, freePort, startLive, type LiveMesh } from "../runtime/control/live-mesh.ts";

const probe = await probePods(currentUser());
if (!probe.ok) console.info(`tests of network pods are skipped: ${describeProbe(probe)}`);

/** Answers who called; runs a posted command, or has another service run it. */
const program = `
import { createServer } from "node:http";
import { spawn } from "node:child_process";
const serve = createServer(async (request, response) => {
  if (request.method !== "POST")
    return response.end(JSON.stringify({ name: process.env.MESHDEV_WORKLOAD, by: request.headers["x-forwarded-client-cert"] ?? null }));
  const body = JSON.parse(Buffer.concat(await request.toArray()).toString());
  if (body.via !== undefined) {
    const answer = await fetch("http://" + body.via + ":8080", { method: "POST", body: JSON.stringify({ argv: body.argv }) });
    return response.end(await answer.text());
  }
  const child = spawn(body.argv[0], body.argv.slice(1));
  let out = "";
  child.stdout.on("data", (part) => (out += part));
  child.stderr.on("data", (part) => (out += part));
  child.on("error", (error) => response.end(JSON.stringify({ code: -1, out: error.message })));
  child.on("close", (code, signal) => response.end(JSON.stringify({ code: code ?? signal, out })));
});
serve.listen(8080, () => console.log("listens"));
createServer((request, response) => response.end("undeclared")).listen(9999);
`;

const policies = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: default}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: caller, namespace: default}
spec: {selector: {matchLabels: {app: caller}}, mtls: {mode: PERMISSIVE}}
`;

interface Ran {
  readonly code: number | string;
  readonly out: string;
}

/** Runs in the pod of `caller`, or in that of a service that it calls. */
let run: (argv: readonly string[], via?: string) => Promise<Ran>;
let mesh: LiveMesh;

const has = (command: string): boolean => spawnSync(command, ["--help"]).error === undefined;
const addressOf = (id: string): string => {
  const state = mesh.lines.find((line) => line.type === "state");
  const events = mesh.find("mesh.loaded");
  const all = [
    ...(state?.type === "state" ? state.state.workloads : []),
    ...events.flatMap((each) => each.view.workloads),
  ];
  return all.find((workload) => workload.id === id)?.address ?? "";
};

/** Network namespaces in which some process lives. */
function namespaces(): ReadonlySet<string> {
  return new Set(
    readdirSync("/proc").flatMap((name) => {
      try {
        return /^\d+$/.test(name) ? [readlinkSync(`/proc/${name}/ns/net`)] : [];
      } catch {
        return [];
      }
    }),
  );
}

/** What a plain connection to an address meets: bytes of an HTTP answer, or how it ended. */
const dialProgram = `
const [host, port, from] = process.argv.slice(1);
const socket = require("net").connect({ host, port: Number(port), ...(from ? { localAddress: from } : {}) });
const end = (what) => { console.log(what); process.exit(0); };
socket.setTimeout(700, () => end("nothing"));
socket.on("error", (error) => end(error.code));
socket.on("connect", () => socket.write("GET / HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n"));
socket.on("data", (data) => end(String(data).slice(0, 12) + (/"name":"([^"]*)"|undeclared/.exec(String(data))?.[0] ?? "")));
socket.on("end", () => end("closed"));
`;

beforeAll(async () => {
  if (!probe.ok) return;
  const port = await freePort();
  const service = (more: string): string => `{run: [node, program.mjs], port: 8080${more}}`;
  const directory = createProject({
    "meshdev.yaml": `services:
  caller: ${service(`, publish: "${port}:8080"`)}
  backend: ${service("")}
  outsider: ${service(", sidecar: false")}
  local:
    run: [node, -e, 'require("http").createServer((_, r) => r.end("local")).listen(8080, "127.0.0.1")']
    port: 8080
  low:
    run: [node, -e, 'require("http").createServer((_, r) => r.end("low")).listen(80, "0.0.0.0")']
    port: 80
mesh: ./mesh
`,
    "program.mjs": program,
    "mesh/policies.yaml": policies,
  });
  mesh = await startLive(directory, port, { capture: "pods" });
  run = async (argv, via) => {
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: JSON.stringify({ argv, via }) });
    return JSON.parse(await response.text()) as Ran;
  };
});

afterAll(async () => {
  if (probe.ok) await mesh[Symbol.asyncDispose]();
});

describe.skipIf(!probe.ok)("network pods", () => {
  const identity = "URI=spiffe://cluster.local/ns/default/sa/caller";
  const url = "http://backend:8080/who";
  const clients: Readonly<Record<string, readonly string[]>> = {
    curl: ["curl", "-s", url],
    busybox: ["busybox", "wget", "-qO-", url],
    python3: ["python3", "-c", `import urllib.request; print(urllib.request.urlopen("${url}").read().decode())`],
    node: ["node", "-e", `fetch("${url}").then((r) => r.text()).then(console.log)`],
  };

  it.each(Object.entries(clients))("%s, unmodified, crosses the mesh as its service", async (command, argv) => {
    if (!has(command)) {
      console.info(`${command} is not installed here: not tried`);
      return;
    }
    const { code, out } = await run(argv);
    expect(code).toBe(0);
    expect(out).toContain(identity);
  });

  it("runs as who started it, in its folder, with the machine's files and the pod's name server", async () => {
    const { out } = await run([
      "sh",
      "-c",
      "id -u; id -g; pwd; cat /etc/resolv.conf; cat /proc/self/status | grep CapEff",
    ]);
    const [uid, gid, folder, server] = out.split("\n");
    expect([uid, gid]).toEqual([String(process.getuid?.()), String(process.getgid?.())]);
    expect(folder).toBe(mesh.directory);
    expect(server).toBe("nameserver 10.244.0.1");
    if (process.getuid?.() !== 0) expect(out).toMatch(/CapEff:\s*0000000000000000/);
    expect((await run(["sh", "-c", "exit 42"])).code).toBe(42);
  });

  it("knows every form of a name, and no other", async () => {
    const names = ["backend", "backend.default", "backend.default.svc", "backend.default.svc.cluster.local", "BACKEND"];
    const script = `const dns = require("dns").promises;
      (async () => { for (const name of process.argv.slice(1)) console.log(await dns.lookup(name).then((a) => a.address, (e) => e.code)); })()`;
    const { out } = await run([
      "node",
      "-e",
      script,
      ...names,
      "nosuch",
      "nosuch.default.svc.cluster.local",
      "localhost",
    ]);
    const answers = out.trim().split("\n");
    expect(new Set(answers.slice(0, names.length)).size).toBe(1);
    expect(answers[0]).toMatch(/^10\.96\./);
    expect(answers.slice(names.length)).toEqual(["ENOTFOUND", "ENOTFOUND", "127.0.0.1"]);
  });

  it("lets a program have port 80, and reaches one that listens on 127.0.0.1 with a warning", async () => {
    expect((await run(["node", "-e", `fetch("http://low").then((r) => r.text()).then(console.log)`])).out).toContain(
      "low",
    );
    const local = await run(["node", "-e", `fetch("http://local:8080").then((r) => r.text()).then(console.log)`]);
    expect(local.out).toContain("local");
    const state = await mesh.client.state();
    expect(state.problems.map(({ code }) => code)).toContain("MD4006");
  });

  it("lets nobody reach a program's plaintext under STRICT", async () => {
    const backend = addressOf("backend-1");
    expect(backend).toMatch(/^10\.244\./);
    const alias = backend.replace("10.244.", "127.244.");
    const attempts: (readonly [string, string, string, string?])[] = [];
    for (const pod of ["caller", "outsider"]) {
      attempts.push(
        [pod, backend, "8080"],
        [pod, backend, "9999"],
        [pod, alias, "8080"],
        [pod, alias, "9999"],
        [pod, "10.244.0.1", "15001"],
        [pod, "10.244.0.1", "8080"],
        [pod, "::1", "8080"],
        [pod, `::ffff:${backend}`, "8080"],
      );
    }
    attempts.push(["outsider", "backend", "8080"]);
    const outcomes: string[] = [];
    for (const [pod, host, port] of attempts) {
      const { out } = await run(["node", "-e", dialProgram, host, port], pod === "caller" ? undefined : pod);
      outcomes.push(`${pod} → ${host}:${port}: ${out.trim()}`);
    }
    for (const [host, port] of [
      [backend, 8080],
      [alias, 8080],
      ["10.244.0.1", 15_001],
    ] as const)
      outcomes.push(`the machine → ${host}:${port}: ${await dialHere(host, port)}`);
    console.info(outcomes.join("\n"));
    // Loopback, all of it, is a pod's own; what the machine finds at these addresses is not ours.
    expect(outcomes.filter((line) => line.includes("backend-1"))).toEqual([]);
    expect(outcomes.filter((line) => line.includes("::1:8080") && /caller-1|outsider-1/.test(line))).toHaveLength(2);
  });

  it("does not loop when the listener itself is dialled", async () => {
    const before = (await mesh.client.state()).counts.requests;
    expect((await run(["node", "-e", dialProgram, "10.244.0.1", "15001"])).out.trim()).toBe("ECONNREFUSED");
    expect((await mesh.client.state()).counts.requests - before).toBeLessThan(20);
  });

  it("reaches the machine by its name only, and outside addresses through the sidecar", async () => {
    const server = createServer((_request, response) => response.end("the machine"));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    try {
      const there = await run([
        "node",
        "-e",
        `fetch("http://host.meshdev.internal:${port}").then((r) => r.text()).then(console.log)`,
      ]);
      expect(there.out).toContain("the machine");
      expect((await run(["node", "-e", dialProgram, "127.0.0.1", String(port)])).out.trim()).toBe("ECONNREFUSED");
    } finally {
      server.close();
    }
  });

  it("gives a leased command a pod too, and ends what it leaves there", async () => {
    const before = namespaces();
    const borrower = await connectTo(mesh.session);
    const answer = await borrower.command({ type: "lease.acquire", service: "caller" });
    if (!answer.ok || answer.launch === undefined) throw new Error("no pod for the command");
    const [file = "", ...args] = answer.launch;
    const script = `setsid env -i sleep 1000 & exec node -e 'fetch("${url}").then((r) => r.text()).then(console.log)'`;
    const child = spawn(file, [...args, "/bin/sh", "-c", script], {
      env: { ...process.env, ...answer.env },
      stdio: ["ignore", "pipe", "inherit", "pipe"],
    });
    const channel = child.stdio[3] as Duplex;
    channel.once("data", () => channel.end("go\n"));
    let out = "";
    child.stdout?.on("data", (part: Buffer) => (out += part.toString()));
    await vi.waitFor(() => expect(out).toContain(identity), { timeout: 10_000, interval: 20 });
    expect([...namespaces()].filter((each) => !before.has(each))).toHaveLength(1);
    await borrower[Symbol.asyncDispose]();
    await vi.waitFor(() => expect([...namespaces()].filter((each) => !before.has(each))).toEqual([]), 5_000);
  });

  it("refuses nobody while a killed data plane is replaced", async () => {
    const script = `const net = require("net");
      const dial = () => new Promise((done) => {
        const socket = net.connect(8080, "backend", () => { socket.destroy(); done("ok"); });
        socket.on("error", (error) => done(error.code));
      });
      (async () => {
        const seen = {};
        for (let i = 0; i < 300; i++) { const what = await dial(); seen[what] = (seen[what] ?? 0) + 1; await new Promise((r) => setTimeout(r, 2)); }
        console.log(JSON.stringify(seen));
      })()`;
    const before = (await mesh.client.state()).dataPlane;
    // The command's own request would go through the data plane that dies: it writes to a file instead.
    const file = `${mesh.directory}/seen.json`;
    await run(["sh", "-c", `setsid node -e "$0" > ${file}.part 2>&1 && mv ${file}.part ${file} &`, script]);
    process.kill(before.pid ?? 0, "SIGKILL");
    await vi.waitFor(() => expect(readFileSync(file, "utf8")).toContain("ok"), { timeout: 20_000, interval: 50 });
    const seen = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, number>>;
    expect(seen["ok"]).toBeGreaterThan(0);
    expect(seen["ECONNREFUSED"]).toBeUndefined();
    // Host ports are listened on again by the new one.
    await vi.waitFor(
      async () => {
        const { out } = await run(["node", "-e", `fetch("${url}").then((r) => r.text()).then(console.log)`]);
        expect(out).toContain(identity);
      },
      { timeout: 10_000, interval: 50 },
    );
    expect((await mesh.client.state()).dataPlane.pid).not.toBe(before.pid);
  });

  it.each(["holder", "data plane"] as const)("leaves nothing of a mesh whose %s was killed", async (victim) => {
    const { ms, left } = await playRound(3, victim);
    expect(left).toEqual([]);
    console.info(`everything was gone ${ms} ms after the ${victim}`);
  });

  it("plays recorded cases at their recorded addresses as Istio does", async () => {
    const run = join(import.meta.dirname, "../conformance/run.ts");
    const args = [
      run,
      "--runner=sockets",
      "--capture=pods",
      "--only",
      "^(security/mtls-extra/[np]|traffic/inbound/undeclared)",
    ];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(stdout, stderr).toMatch(/\n[1-9]\d* passed, 0 failed, \d+ skipped\n$/);
    expect(status).toBe(0);
  });

  it("leaves nothing when the daemon is killed, not even what left its session and environment", async () => {
    const before = namespaces();
    const port = await freePort();
    const directory = createProject({
      "meshdev.yaml": `services:
  a: {run: "setsid env -i sleep 1000 & exec sleep 1000", ready: spawn}
  b: {run: [sleep, "1000"], ready: spawn}
`,
    });
    const doomed = await startLive(directory, port, { capture: "pods" });
    const own = [...namespaces()].filter((each) => !before.has(each));
    expect(own).toHaveLength(3);
    process.kill(doomed.session.pid, "SIGKILL");
    const since = performance.now();
    await vi.waitFor(
      () => {
        const now = namespaces();
        expect(own.filter((each) => now.has(each))).toEqual([]);
      },
      { timeout: 5_000, interval: 10 },
    );
    console.info(`everything was gone ${Math.round(performance.now() - since)} ms after the daemon`);
    await doomed.expectGone();
  });
});

function dialHere(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (what: string): void => {
      socket.destroy();
      resolve(what);
    };
    socket.setTimeout(700, () => end("nothing"));
    socket.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? "error"));
    socket.on("connect", () => socket.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"));
    socket.on("data", (data: Buffer) =>
      end(data.toString("latin1").slice(0, 12) + (/"name":"([^"]*)"/.exec(data.toString("latin1"))?.[0] ?? "")),
    );
    socket.on("end", () => end("closed"));
  });
}
