import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { vi } from "vitest";
import {
  connect,
  startDaemon,
  type MeshClient,
  type SessionInfo,
  type StartedDaemon,
  type StartOptions,
  type StateLine,
} from "../../../runtime/index.ts";
import { startFailure } from "../../../runtime/control/start-report.ts";
import { startMesh } from "../../../runtime/mesh.ts";
import type { StreamedEvent } from "../../../runtime/model/event.ts";

/** A plain server: answers with what it was asked and who asked, knows nothing of a mesh. */
const serverProgram = `
import { createServer } from "node:http";
createServer((request, response) => {
  response.end(JSON.stringify({ path: request.url, by: request.headers["x-forwarded-client-cert"] ?? null }));
}).listen(8080, () => console.log("listens"));
`;

/** Publishes a port and asks the backend for every request. */
const frontendProgram = `
import { createServer } from "node:http";
createServer(async (request, response) => {
  try {
    const answer = await fetch("http://backend:8080" + request.url);
    response.writeHead(answer.status).end(await answer.text());
  } catch (error) {
    response.writeHead(599).end(String(error.cause?.code ?? error));
  }
}).listen(8080, () => console.log("listens"));
`;

const strict = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: default}
spec: {mtls: {mode: STRICT}}
`;

export const allow = (principal: string, path: string): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: backend-allow, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  rules:
    - from: [{source: {principals: ["cluster.local/ns/default/sa/${principal}"]}}]
      to: [{operation: {paths: ["${path}"]}}]
`;

/** The events whose `type` may be this one: some types share an interface. */
type EventOf<Type extends StreamedEvent["type"], Event = StreamedEvent> = Event extends { readonly type: infer Own }
  ? Type extends Own
    ? Event
    : never
  : never;

export interface LiveMesh extends AsyncDisposable {
  readonly directory: string;
  readonly session: SessionInfo;
  readonly started: StartedDaemon;
  readonly client: MeshClient;
  /** Everything that the owner's stream has said so far. */
  readonly lines: readonly (StateLine | StreamedEvent)[];
  readonly write: (path: string, text: string) => void;
  readonly find: <Type extends StreamedEvent["type"]>(type: Type) => readonly EventOf<Type>[];
  /** Status and body of a call through the published port. */
  readonly call: (path: string) => Promise<{ readonly status: number; readonly body: string }>;
  /** Cuts the owner's stream, as a CLI that is killed does. */
  readonly abandon: () => void;
  /** Nothing of the mesh is left. */
  readonly expectGone: () => Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export function createProject(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), "md-"));
  // Short: socket paths have 107 bytes.
  vi.stubEnv("XDG_RUNTIME_DIR", mkdtempSync(join(tmpdir(), "mr-")));
  vi.stubEnv("XDG_STATE_HOME", join(directory, ".state"));
  for (const [path, text] of Object.entries(files)) write(directory, path, text);
  return directory;
}

function write(directory: string, path: string, text: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
}

export function pairProject(port: number): Readonly<Record<string, string>> {
  return {
    "meshdev.yaml": `services:
  frontend: {run: [node, frontend.mjs], port: 8080, publish: ${port}, needs: [backend]}
  backend: {run: [node, server.mjs], port: 8080}
mesh: ./mesh
`,
    "frontend.mjs": frontendProgram,
    "server.mjs": serverProgram,
    "mesh/strict.yaml": strict
      .replace("name: default", "name: backend")
      .replace("spec: {", "spec: {selector: {matchLabels: {app: backend}}, "),
    "mesh/allow.yaml": allow("frontend", "/api/*"),
  };
}

type Start = (options: StartOptions) => Promise<StartedDaemon>;

/** As the daemon does, but in this process; no owner, ended by command. */
export const startHere: Start = async (options) => {
  const mesh = await startMesh({
    options: {
      chosen: {},
      services: [],
      noDeps: false,
      allowInvalid: false,
      svidTtlMs: undefined,
      caDirectory: undefined,
      freshCa: false,
      watch: true,
      drain: "strict",
      capture: "hook",
      detach: false,
      ...options,
    },
    env: process.env,
    log: () => undefined,
    onOwner: () => () => undefined,
    onDetach: () => undefined,
    onEnd: () => {
      setTimeout(() => void mesh.stop(), 20);
    },
  });
  const { id, record, paths } = mesh.session;
  return {
    session: {
      id,
      directory: record.directory,
      folder: paths.root,
      socket: paths.control,
      pid: record.pid,
      startedAt: record.startedAt,
    },
    ready: mesh.ready.then(
      () => ({ ok: true }) as const,
      (error: unknown) => ({ ok: false, failure: startFailure(error) }) as const,
    ),
    release: () => undefined,
  };
};

export async function startPair(options: Partial<StartOptions> = {}, start?: Start): Promise<LiveMesh> {
  const port = await freePort();
  return startLive(createProject(pairProject(port)), port, options, start);
}

export async function startLive(
  directory: string,
  port: number,
  options: Partial<StartOptions> = {},
  start: Start = startDaemon,
): Promise<LiveMesh> {
  const started = await start({ directory, ...options });
  const { session } = started;
  const client = await connect(session);
  const lines: (StateLine | StreamedEvent)[] = [];
  const abandoned = new AbortController();
  const stream = (async () => {
    for await (const line of client.events({ own: options.detach !== true, replay: true, signal: abandoned.signal }))
      lines.push(line);
  })();
  const ready = await started.ready;
  if (!ready.ok) throw new Error(JSON.stringify(ready.failure));
  started.release();

  async function expectGone(): Promise<void> {
    await vi.waitFor(
      () => {
        const left = processesOf(session.id);
        if (left.length > 0) throw new Error(`still there: ${left.join(", ")}`);
        if (isThere(session.folder)) throw new Error(`${session.folder} is still there`);
      },
      { timeout: 5_000, interval: 20 },
    );
  }

  return {
    directory,
    session,
    started,
    client,
    lines,
    write: (path, text) => {
      write(directory, path, text);
    },
    find: <Type extends StreamedEvent["type"]>(type: Type) =>
      lines.filter((line): line is EventOf<Type> & (StateLine | StreamedEvent) => line.type === type),
    call: async (path) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } });
      return { status: response.status, body: await response.text() };
    },
    abandon: () => {
      abandoned.abort();
    },
    expectGone,
    [Symbol.asyncDispose]: async () => {
      await client.command({ type: "mesh.stop" }).catch(() => undefined);
      abandoned.abort();
      await stream.catch(() => undefined);
      await expectGone();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Programs and data planes of a session carry its id; the daemon is found by its pid. */
export function processesOf(session: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readOrNothing(`/proc/${pid}/environ`).includes(`MESHDEV_SESSION=${session}`))
    .map(Number);
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function isThere(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}
