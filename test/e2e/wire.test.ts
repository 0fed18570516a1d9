import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { allowOnly, peerAuthentication, serverProgram } from "./support/load.ts";
import { createProject, until, type Project } from "./support/project.ts";

const canary = "canary-7f3a91-in-the-body";

const destinationRule = (mode: string): string => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: backend, namespace: default}
spec: {host: backend, trafficPolicy: {tls: {mode: ${mode}}}}
`;

/** Whether this machine lets us record the loopback interface, or why not. */
function whyNoCapture(): string | undefined {
  if (spawnSync("tcpdump", ["--version"]).error !== undefined) return "tcpdump is not installed";
  if (process.getuid?.() !== 0) return "recording loopback needs root";
  return undefined;
}

/** Every byte that crossed the loopback addresses of the mesh while `work` ran. */
async function record(project: Project, work: () => Promise<void>): Promise<Buffer> {
  const file = join(project.directory, "capture.pcap");
  const tcpdump = spawn(
    "tcpdump",
    ["-i", "lo", "-U", "-w", file, "-s", "0", "--immediate-mode", "tcp and net 127.0.0.0/8"],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  tcpdump.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
  });
  await until("tcpdump to listen", () => (said.includes("listening on") ? true : undefined));
  await work();
  // What comes behind everything else: once it is in the file, all before it is too, whoever else talks on this machine.
  const last = randomUUID();
  await sendOnLoopback(last);
  await until("the end of the capture", () => (readFileSync(file).includes(last) ? true : undefined));
  tcpdump.kill("SIGINT");
  await new Promise((exit) => tcpdump.once("exit", exit));
  return readFileSync(file);
}

async function sendOnLoopback(text: string): Promise<void> {
  const server = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.end(text);
  await once(socket, "close");
  server.close();
}

async function bytesBetweenSidecars(clientMode: string, serverMode: string): Promise<Buffer> {
  await using project = createProject({
    "meshdev.yaml":
      "services:\n  backend: {run: [node, server.mjs], port: 8080}\n  frontend: {run: [node, -e, 'setInterval(() => {}, 1e6)']}\nmesh: ./mesh\n",
    "server.mjs": serverProgram,
    "mesh/peer.yaml": peerAuthentication(serverMode),
    "mesh/client.yaml": destinationRule(clientMode),
    ...(clientMode === "DISABLE" ? {} : { "mesh/allow.yaml": allowOnly("frontend") }),
  });
  const up = await project.meshdev("up", "-d");
  expect(up, up.stderr).toMatchObject({ code: 0 });
  return await record(project, async () => {
    const call = await project.meshdev(
      "exec",
      "--as",
      "frontend",
      "--",
      "node",
      "-e",
      `fetch("http://backend:8080/api/data", { method: "POST", body: "${canary}" }).then(async r => console.log(r.status, (await r.json()).size))`,
    );
    expect(call.stdout.trim(), call.stderr).toBe(`200 ${canary.length}`);
  });
}

const reason = whyNoCapture();

describe.skipIf(reason !== undefined)(
  `the bytes between the sidecars${reason === undefined ? "" : ` (${reason})`}`,
  () => {
    it("hold no canary under ISTIO_MUTUAL", async () => {
      const bytes = await bytesBetweenSidecars("ISTIO_MUTUAL", "STRICT");
      expect(bytes.includes(canary)).toBe(false);
      expect(bytes.includes("outbound_.8080_._.backend.default.svc.cluster.local")).toBe(true);
    });

    it("hold it in the negative control, DISABLE", async () => {
      const bytes = await bytesBetweenSidecars("DISABLE", "DISABLE");
      expect(bytes.includes(canary)).toBe(true);
    });
  },
);
