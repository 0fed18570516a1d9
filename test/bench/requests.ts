import { createProject } from "../e2e/support/project.ts";
import { allowOnly, peerAuthentication, serverProgram } from "../e2e/support/load.ts";
import { figure, type Figure } from "./figure.ts";
import { rolesOf } from "./roles.ts";
import { cpuSeconds } from "./usage.ts";

const seconds = 5;
const connections = 32;

/** A closed loop of keep-alive connections from a meshed caller; prints the number of answers and latencies in µs. */
const loadProgram = `
import { Agent, request } from "node:http";
const agent = new Agent({ keepAlive: true, maxSockets: ${connections} });
const until = performance.now() + ${seconds * 1000};
const took = [];
let wrong = 0;
function once() {
  return new Promise((done) => {
    const begun = performance.now();
    request({ agent, host: "backend", port: 8080, path: "/api/data" }, (response) => {
      response.resume().on("end", () => { if (response.statusCode !== 200) wrong += 1; took.push(performance.now() - begun); done(); });
    }).on("error", () => { wrong += 1; done(); }).end();
  });
}
await Promise.all(Array.from({ length: ${connections} }, async () => { while (performance.now() < until) await once(); }));
took.sort((a, b) => a - b);
console.log(JSON.stringify({ count: took.length, wrong, p50: took[took.length >> 1], p99: took[Math.floor(took.length * 0.99)] }));
`;

/** HTTP/1.1 keep-alive through both sidecars, mutual TLS between them, one policy deciding each request. */
export async function requests(): Promise<readonly Figure[]> {
  const { rates, cpu, p99 } = await measureRequests("hook");
  return [
    figure(`requests/s through both sidecars, ${connections} connections`, "1/s", rates),
    figure("CPU of both sidecars per request", "µs", cpu),
    figure("p99 latency in that closed loop", "ms", p99),
  ];
}

interface Measured {
  readonly rates: readonly number[];
  /** Microseconds of the data plane per request. */
  readonly cpu: readonly number[];
  readonly p99: readonly number[];
}

export async function measureRequests(capture: "hook" | "pods"): Promise<Measured> {
  const files = {
    "meshdev.yaml":
      "services:\n  backend: {run: [node, server.mjs], port: 8080}\n  frontend: {run: [node, -e, 'setInterval(() => {}, 1e6)']}\nmesh: ./mesh\n",
    "server.mjs": serverProgram,
    "load.mjs": loadProgram,
    "mesh/peer.yaml": peerAuthentication("STRICT"),
    "mesh/allow.yaml": allowOnly("frontend"),
  };
  await using project = createProject(files, { MESHDEV_CAPTURE: capture });
  const up = await project.meshdev("up", "-d");
  if (up.code !== 0) throw new Error(up.stderr);
  const { dataPlane } = await rolesOf(project);
  const rates: number[] = [];
  const cpu: number[] = [];
  const p99: number[] = [];
  for (let run = 0; run < 4; run += 1) {
    const before = cpuSeconds(dataPlane);
    const load = await project.meshdev("exec", "--as", "frontend", "--", "node", "load.mjs");
    const result = JSON.parse(load.stdout) as { readonly count: number; readonly wrong: number; readonly p99: number };
    if (result.wrong > 0) throw new Error(`${result.wrong} of ${result.count} requests went wrong`);
    if (run === 0) continue; // warm-up
    rates.push(result.count / seconds);
    cpu.push(((cpuSeconds(dataPlane) - before) * 1e6) / result.count);
    p99.push(result.p99);
  }
  return { rates, cpu, p99 };
}
