import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { engineGate } from "../support/engine-gate.ts";
import { createProject, freePort, type Project } from "./support/project.ts";

const busybox = "/bin/busybox";
const { skip } = await engineGate();

/** A static busybox whose web server is the application: nothing is fetched from a registry. */
const dockerfile = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN mkdir -p /www /tmp && echo "the backend answers" > /www/index.html
CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]
`;

const projectFile = (published: number): string => `name: boxes
services:
  backend: {build: ./image, port: 8080, publish: ${published}}
  frontend: {build: ./image, port: 8080}
  stranger: {build: ./image, port: 8080}
  local:
    run: [node, local.mjs]
    port: 8080
mesh: ./mesh
`;

const policies = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: default}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: backend, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  rules: [{from: [{source: {principals: ["cluster.local/ns/default/sa/frontend", "cluster.local/ns/default/sa/local"]}}]}]
`;

const localProgram = `import { createServer } from "node:http";
createServer(async (request, response) => {
  if (request.url !== "/ask") return response.end(request.headers["x-forwarded-client-cert"] ?? "nobody");
  const answer = await fetch("http://backend:8080/index.html");
  response.end(await answer.text());
}).listen(8080);
`;

interface Ran {
  readonly code: number;
  readonly text: string;
}

function docker(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile("docker", args, { timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), text: `${stdout}${stderr}`.trim() });
    });
  });
}

describe.skipIf(skip !== undefined)("container pods", () => {
  let project: Project;
  let published = 0;

  async function idsOf(...labels: readonly string[]): Promise<readonly string[]> {
    const filters = [`project=${project.directory}`, ...labels].flatMap((label) => [
      "--filter",
      `label=dev.meshdev.${label}`,
    ]);
    const { text } = await docker("ps", "-aq", ...filters);
    return text.split("\n").filter((line) => line !== "");
  }

  async function inApp(service: string, ...command: readonly string[]): Promise<Ran> {
    const [id = "none"] = await idsOf(`workload=${service}-1`, "role=app");
    return docker("exec", id, ...command);
  }

  const get = (service: string, url: string): Promise<Ran> => inApp(service, "wget", "-q", "-O", "-", url);

  beforeAll(async () => {
    published = await freePort();
    project = createProject({
      "meshdev.yaml": projectFile(published),
      "mesh/policies.yaml": policies,
      "image/Dockerfile": dockerfile,
      "local.mjs": localProgram,
    });
    mkdirSync(join(project.directory, "image"), { recursive: true });
    copyFileSync(busybox, join(project.directory, "image/busybox"));
    expect(await project.meshdev("up", "-d")).toMatchObject({ code: 0 });
  });

  afterAll(async () => {
    await project[Symbol.asyncDispose]();
    expect(await idsOf()).toEqual([]);
  });

  it("are labelled, named containers with nothing but lo, and mTLS and policies decide between them", async () => {
    const { text } = await docker(
      "ps",
      "--format",
      "{{.Names}}",
      "--filter",
      `label=dev.meshdev.project=${project.directory}`,
    );
    expect(
      text
        .split("\n")
        .toSorted()
        .map((name) => name.replace(/-[0-9a-f]{6}-1/, "")),
    ).toEqual(
      ["backend-1", "frontend-1", "stranger-1"].flatMap((name) =>
        ["", "-pause", "-sidecar"].map((role) => `meshdev-boxes-${name}${role}`),
      ),
    );
    expect(await get("frontend", "http://backend:8080/index.html")).toEqual({ code: 0, text: "the backend answers" });
    expect(await get("frontend", "http://backend.default.svc.cluster.local:8080/index.html")).toMatchObject({
      code: 0,
    });
    expect(await get("stranger", "http://backend:8080/index.html")).toMatchObject({
      code: 1,
      text: expect.stringContaining("403"),
    });
  });

  it("call processes and are called by them, each with its own certificate", async () => {
    expect((await get("frontend", "http://local:8080/")).text).toContain(
      "URI=spiffe://cluster.local/ns/default/sa/frontend",
    );
    expect(await get("frontend", "http://local:8080/ask")).toEqual({ code: 0, text: "the backend answers" });
    const ask = (service: string): ReturnType<Project["meshdev"]> =>
      project.meshdev(
        "exec",
        "--as",
        service,
        "--",
        "node",
        "-e",
        "fetch('http://backend:8080/index.html').then((r) => console.log(r.status))",
      );
    expect((await ask("frontend")).stdout).toBe("200\n");
    expect((await ask("stranger")).stdout).toBe("403\n");
  });

  it("let nobody past their sidecars", async () => {
    const machine = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ family, internal }) => family === "IPv4" && !internal);
    const [backend = ""] = await idsOf("workload=backend-1", "role=pause");
    const names = await inApp("frontend", "cat", "/etc/hosts");
    const vip = /^(\S+) backend\./m.exec(names.text)?.[1] ?? "";
    const attempts: [string, string, Promise<Ran>][] = [
      ["other container", "a port that is not declared", get("frontend", `http://${vip}:9999/`)],
      ["other container", "the relay's own port", get("frontend", `http://${vip}:15101/`)],
      ["other container", "the relay's own port on lo", get("frontend", "http://127.0.0.1:15101/")],
      ["other container", "an address outside", get("frontend", "http://192.0.2.1/")],
      ...machine.map(({ address }): [string, string, Promise<Ran>] => [
        "other container",
        `the machine at ${address}`,
        get("frontend", `http://${address}:${published}/`),
      ]),
      ["stranger by policy", "the service", get("stranger", "http://backend:8080/index.html")],
      ["the program", "the folder of sockets", inApp("frontend", "ls", "/mesh")],
      [
        "the program",
        "its own packet rules",
        inApp("frontend", "ip", "route", "add", "local", "0.0.0.0/0", "dev", "lo"),
      ],
      ["host process", "the published port", fromHost(`http://127.0.0.1:${published}/index.html`)],
      ["host process", "the program's port on the machine", fromHost("http://127.0.0.1:8080/index.html")],
    ];
    const rows = await Promise.all(
      attempts.map(async ([who, what, attempt]) => {
        const { code, text } = await attempt;
        return { who, what, reached: code === 0 || text.includes("the backend answers"), text };
      }),
    );
    console.info(
      rows
        .map(
          ({ who, what, reached, text }) =>
            `${who} → ${what}: ${reached ? "REACHED" : "refused"} (${text.split("\n").at(-1)})`,
        )
        .join("\n"),
    );
    expect(rows.filter(({ reached }) => reached)).toEqual([]);
    // Each was refused in words; a tool that crashed would prove nothing, and the same one gets through where it may.
    for (const { text } of rows)
      expect(text).toMatch(/refused|reset|unreachable|403|503|fetch failed|No such file|not permitted/i);
    expect(await get("frontend", `http://${vip}:8080/index.html`)).toEqual({ code: 0, text: "the backend answers" });
    expect(
      (await docker("inspect", "-f", "{{.HostConfig.NetworkMode}} {{.NetworkSettings.IPAddress}}", backend)).text,
    ).toBe("none");
  });

  it.each(["sidecar", "pause", "app"])("come back whole when their %s is killed", async (role) => {
    const [victim = ""] = await idsOf("workload=backend-1", `role=${role}`);
    await docker("kill", victim);
    await vi.waitFor(
      async () => {
        expect(await idsOf("workload=backend-1", `role=${role}`)).not.toContain(victim);
        expect(await get("frontend", "http://backend:8080/index.html")).toMatchObject({ code: 0 });
        expect(await idsOf()).toHaveLength(9);
      },
      { timeout: 30_000, interval: 200 },
    );
  });

  it("go on when the data plane is killed", async () => {
    const { stdout } = await project.meshdev("ls", "--json");
    const daemon = /"pid": ?(\d+)/.exec(stdout)?.[1] ?? "none";
    const children = execFileSync("pgrep", ["-P", daemon, "-f", "dataplane"], { encoding: "utf8" });
    process.kill(Number(children.trim().split("\n")[0]), "SIGKILL");
    await vi.waitFor(
      async () => expect(await get("frontend", "http://backend:8080/index.html")).toMatchObject({ code: 0 }),
      { timeout: 20_000, interval: 100 },
    );
    expect(await idsOf()).toHaveLength(9);
  });

  it("do not outlive a daemon that is killed, and the next start removes what is left of them", async () => {
    const { stdout } = await project.meshdev("ls", "--json");
    process.kill(Number(/"pid": ?(\d+)/.exec(stdout)?.[1]), "SIGKILL");
    await vi.waitFor(
      async () => {
        const running = await docker("ps", "-q", "--filter", `label=dev.meshdev.project=${project.directory}`);
        expect(running.text).toBe("");
      },
      { timeout: 10_000, interval: 100 },
    );
    const left = await idsOf();
    expect(left.length).toBeGreaterThan(0);
    expect(await project.meshdev("up", "-d")).toMatchObject({ code: 0 });
    const now = await idsOf();
    expect(now).toHaveLength(9);
    expect(now.filter((id) => left.includes(id))).toEqual([]);
    expect(await project.meshdev("down")).toMatchObject({ code: 0 });
    expect(await idsOf()).toEqual([]);
  });
});

async function fromHost(url: string): Promise<Ran> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(3000) });
    return { code: answer.ok ? 0 : 1, text: `${answer.status} ${await answer.text()}` };
  } catch (error) {
    return { code: 1, text: error instanceof Error ? error.message : String(error) };
  }
}
