import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { HookConfig } from "../../../../runtime/host/hook-config.ts";

export const hookFile = resolve(import.meta.dirname, "../../../../runtime/host/hook/hook.cjs");

export interface Arrival {
  readonly source: string;
  readonly destination: string;
}

export interface HookLab {
  readonly folder: string;
  readonly config: HookConfig;
  readonly write: (change: Partial<HookConfig>) => void;
  /** What the stand-in for the sidecar was asked for. */
  readonly arrivals: readonly Arrival[];
  /** Runs code in a fresh Node with the hook; resolves when it ends. */
  readonly run: (node: string, code: string, options?: RunOptions) => Promise<Outcome>;
  readonly start: (node: string, code: string, options?: RunOptions) => Running;
  readonly close: () => Promise<void>;
}

export interface RunOptions {
  readonly kind?: "mjs" | "cjs";
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<Outcome>;
}

/** A session folder, a hook file and a sidecar that answers `to <destination>` over HTTP, whatever it is sent. */
export async function openHookLab(
  change: Partial<HookConfig> = {},
  serve: (socket: Socket, arrival: Arrival) => void = answerHttp,
): Promise<HookLab> {
  const folder = mkdtempSync(join(tmpdir(), "md-hook-"));
  const file = join(folder, "hook.json");
  const arrivals: Arrival[] = [];
  const children = new Set<ChildProcess>();
  const sockets = new Set<Socket>();
  let config: HookConfig = {
    version: 1,
    workload: "frontend-1",
    mode: "meshed",
    address: "10.244.0.3",
    outbound: join(folder, "out.sock"),
    dialFrom: null,
    alias: 244,
    listen: { "8080": { kind: "unix", path: join(folder, "8080.sock") } },
    clusterDomain: "cluster.local",
    search: ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"],
    names: {
      "backend.default.svc.cluster.local": ["10.96.0.7"],
      "headless.other.svc.cluster.local": ["10.244.0.8", "10.244.0.9"],
    },
    aliases: {},
    endpoints: {},
    virtual: ["10.96.", "10.244."],
    ...change,
  };
  const write = (next: Partial<HookConfig>): void => {
    config = { ...config, ...next };
    writeFileSync(file, JSON.stringify(config));
  };
  write({});

  const sidecar: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    readProxyHeader(socket, (arrival, rest) => {
      arrivals.push(arrival);
      if (rest.length > 0) socket.unshift(rest);
      serve(socket, arrival);
    });
  });
  if (config.outbound !== null) {
    sidecar.listen(config.outbound);
    await once(sidecar, "listening");
  }

  function start(node: string, code: string, options: RunOptions = {}): Running {
    const script = join(folder, `app-${children.size}.${options.kind ?? "mjs"}`);
    writeFileSync(script, code);
    const child = spawn(node, [...(options.args ?? []), script], {
      env: {
        PATH: process.env["PATH"],
        NODE_OPTIONS: `--require "${hookFile}"`,
        MESHDEV_HOOK: file,
        FOLDER: folder,
        ...options.env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.add(child);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = once(child, "close").then((args): Outcome => ({
      code: typeof args[0] === "number" ? args[0] : null,
      stdout,
      stderr,
    }));
    return { child, output: () => stdout + stderr, ended };
  }

  return {
    folder,
    get config() {
      return config;
    },
    write,
    arrivals,
    start,
    run: (node, code, options) => start(node, code, options).ended,
    close: async () => {
      for (const child of children) child.kill("SIGKILL");
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => sidecar.close(done));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Answers `METHOD path host`. A server of its own, because bytes that came with the PROXY header must not be lost. */
export function answerHttp(socket: Socket): void {
  const server = createHttpServer((request, response) => {
    response.setHeader("content-type", "text/plain");
    response.end(`${request.method} ${request.url} ${request.headers.host}`);
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    relay(socket, address !== null && typeof address === "object" ? address.port : 0);
  });
  socket.once("close", () => {
    server.close();
    server.closeAllConnections();
  });
}

export function relay(socket: Socket, port: number): void {
  const inner = connect(port, "127.0.0.1").on("error", () => undefined);
  socket.pipe(inner).pipe(socket);
  socket.once("close", () => inner.destroy());
}

function readProxyHeader(socket: Socket, done: (arrival: Arrival, rest: Buffer) => void): void {
  let seen = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk]);
    if (seen.length < 16) return;
    const length = 16 + seen.readUInt16BE(14);
    if (seen.length < length) return;
    socket.off("data", onData);
    socket.pause();
    const six = seen[13] === 0x21;
    const size = six ? 16 : 4;
    const address = (from: number): string => {
      const bytes = [...seen.subarray(from, from + size)];
      return six ? Buffer.from(bytes).toString("hex") : bytes.join(".");
    };
    const ports = 16 + size * 2;
    const arrival = {
      source: `${address(16)}:${seen.readUInt16BE(ports)}`,
      destination: `${address(16 + size)}:${seen.readUInt16BE(ports + 2)}`,
    };
    done(arrival, seen.subarray(length));
  };
  socket.on("data", onData);
}
