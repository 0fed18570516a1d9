import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createProxyWorld } from "../../support/proxy-world.ts";
import { envoyConfig } from "./config.ts";
import { ask, type Outcome } from "./lane.ts";
import { createRawApp, type RawApp, usualAnswer } from "../../support/raw-app.ts";

/** What one proxy did with the bytes of one connection, with its log: `STATUS FLAGS DETAILS` for each request. */
export interface Judged extends Outcome {
  readonly log: readonly string[];
}

export interface Input {
  readonly bytes: Buffer;
  /** What the application answers; undefined: its usual answer. */
  readonly answer?: string;
}

/** One input, judged by both. */
export interface Pair {
  readonly input: Input;
  readonly envoy: Judged;
  readonly ours: Judged;
}

export interface Twins extends AsyncDisposable {
  /** Sends each input to the sidecars of both servers. */
  readonly judge: (inputs: readonly Input[], quietMs: number) => Promise<readonly Pair[]>;
}

const lanes = 8;

/** A real Envoy and a sidecar of ours side by side, set up alike, with the same simple application behind each. */
export async function createTwins(envoy: string): Promise<Twins> {
  const folder = mkdtempSync(join(tmpdir(), "mdt-"));
  const log = join(folder, "log");
  writeFileSync(log, "");
  const ports = await freePorts(lanes);
  const theirs = ports.map((port, lane) => ({ port, app: join(folder, `a${lane}`) }));
  const theirApps = await Promise.all(theirs.map(({ app }) => createRawApp(app)));
  writeFileSync(join(folder, "envoy.json"), envoyConfig(theirs, log));
  const child = spawn(
    envoy,
    ["-c", join(folder, "envoy.json"), "--concurrency", "1", "--use-dynamic-base-id", "-l", "error"].concat([
      "--file-flush-interval-msec",
      "10",
    ]),
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  await Promise.all(ports.map(listening));

  const modelPorts = theirs.map((_, lane) => 8080 + lane);
  const world = await createProxyWorld({
    project: `
services:
  backend: {run: x, ports: [${modelPorts.map((port) => `{port: ${port}, protocol: http}`).join(", ")}]}
`,
  });
  const ourApps = await Promise.all(modelPorts.map((port) => createRawApp(join(world.folder, `a-backend-1-${port}`))));
  const told = (port: number): readonly string[] =>
    world
      .exchanges("inbound")
      .filter(({ to }) => to.address.endsWith(`:${port}`))
      .map(({ status, flags, details }) => `${status} ${flags} ${details}`);

  async function askOurs(lane: number, app: RawApp, input: Input, quietMs: number): Promise<Judged> {
    const port = modelPorts[lane] ?? 0;
    const before = told(port).length;
    const outcome = await ask(world.inbound("backend-1", port), app, input.bytes, quietMs);
    // Events are told every 20 ms.
    await sleep(50);
    return { ...outcome, log: told(port).slice(before).map(bare) };
  }

  /** Lines of the connection from this port; the file is written every 10 ms. */
  async function askEnvoy(lane: number, app: RawApp, input: Input, quietMs: number): Promise<Judged> {
    const port = ports[lane] ?? 0;
    const from = readFileSync(log).length;
    const outcome = await ask({ host: "127.0.0.1", port }, app, input.bytes, quietMs);
    await sleep(50);
    const key = `${port}:${outcome.port} `;
    const lines = readFileSync(log).subarray(from).toString("latin1").split("\n");
    return {
      ...outcome,
      log: lines.filter((line) => line.startsWith(key)).map((line) => bare(line.slice(key.length))),
    };
  }

  async function pair(lane: number, input: Input, quietMs: number): Promise<Pair> {
    const [theirApp, ourApp] = [theirApps[lane], ourApps[lane]];
    if (theirApp === undefined || ourApp === undefined) throw new Error(`no lane ${lane}`);
    for (const app of [theirApp, ourApp]) {
      app.answer = (_, socket) => {
        socket.write(input.answer ?? usualAnswer, "latin1");
      };
    }
    const [envoyJudged, ours] = await Promise.all([
      askEnvoy(lane, theirApp, input, quietMs),
      askOurs(lane, ourApp, input, quietMs),
    ]);
    return { input, envoy: envoyJudged, ours };
  }

  // The first connections pay for what is made once.
  const warm = { bytes: Buffer.from("GET /warm HTTP/1.1\r\nHost: a\r\n\r\n") };
  for (let lane = 0; lane < lanes; lane += 1) await pair(lane, warm, 100);

  return {
    judge: async (inputs, quietMs) => {
      const pairs: Pair[] = [];
      let next = 0;
      await Promise.all(
        theirs.map(async (_, lane) => {
          for (;;) {
            const place = next;
            const input = inputs[place];
            if (input === undefined) return;
            next += 1;
            pairs[place] = await pair(lane, input, quietMs);
          }
        }),
      );
      return pairs;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await world[Symbol.asyncDispose]();
      await Promise.all([...theirApps, ...ourApps].map((app) => app.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Details without what they quote of the transport. */
function bare(line: string): string {
  return line.replace(/\{.*/, "");
}

async function freePorts(count: number): Promise<readonly number[]> {
  const held = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(held.map((server) => once(server, "listening")));
  const ports = held.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(held.map((server) => once(server.close(), "close")));
  return ports;
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connect(port, "127.0.0.1");
    const up = await Promise.race([
      once(socket, "connect").then(
        () => true,
        () => false,
      ),
      sleep(1000, false),
    ]);
    socket.destroy();
    if (up) return;
    await sleep(100);
  }
  throw new Error("envoy does not listen");
}
