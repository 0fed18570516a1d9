import { mkdtempSync, readFileSync, realpathSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectTo, type MeshClient } from "../../runtime/control/client.ts";
import type { MeshState } from "../../runtime/model/state.ts";
import { createProject, freePort, until, type Project } from "../e2e/support/project.ts";
import { bitPolicy, fixedPolicies, route, storeMode } from "./policy.ts";
import { monotonicNow, parseBitCall, type BitCall, type Edit } from "./verdicts.ts";

const programs = join(import.meta.dirname, "programs");
const program = (name: string): string => JSON.stringify(["node", join(programs, `${name}.ts`)]);

export interface SteadyOptions {
  /** Which callers run. */
  readonly callers: readonly ("mixed" | "bits")[];
  /** Connections of the caller of `/bit/…` that stay, and workers with one per request. */
  readonly staying?: number;
  readonly fresh?: number;
  readonly pauseMs?: number;
  /** Records what the heaps of daemon and data plane hold. */
  readonly heap?: boolean;
  readonly up?: readonly string[];
}

/** A real mesh under load: the built CLI, a daemon, a data plane, programs with their sidecars. */
export interface SteadyMesh extends AsyncDisposable {
  readonly project: Project;
  readonly client: MeshClient;
  /** Process id of the daemon. */
  readonly daemon: number;
  /** Host port of `edge`, which anyone may call. */
  readonly port: number;
  readonly state: () => Promise<MeshState>;
  /** Every edit of the policy so far. */
  readonly timeline: readonly Edit[];
  /** Touches the policy once more; the caller says when it is live. */
  readonly edit: () => Edit;
  /** Calls of `/bit/…` that were recorded since this was last asked, with what went wrong. */
  readonly bitCalls: () => readonly { readonly call: BitCall; readonly line: string }[];
  /** What the mixed callers last told. */
  readonly report: () => Readonly<Record<string, Tally>>;
  /** Megabytes that the heap of a process held at least, since this was last asked. */
  readonly heap: (pid: number) => { readonly used: number; readonly external: number };
}

export interface Tally {
  readonly done: number;
  readonly lost: number;
  readonly wrong: number;
  readonly last: string;
}

export async function startSteadyMesh(options: SteadyOptions): Promise<SteadyMesh> {
  const port = await freePort();
  const caller = (name: string, env: Readonly<Record<string, string>>): string =>
    `  ${name}:\n    run: ${program(`${name}-caller`)}\n    serviceAccount: caller\n    needs: [backend, edge, store]\n    env: ${JSON.stringify(env)}\n`;
  const memory = mkdtempSync(join(tmpdir(), "mds-"));
  const probe = {
    STEADY_MEMORY: memory,
    NODE_OPTIONS: `--import ${JSON.stringify(join(programs, "memory-probe.ts"))}`,
  };
  const project = createProject(
    {
      "mesh/bits.yaml": bitPolicy(0),
      "mesh/fixed.yaml": fixedPolicies,
      "mesh/store.yaml": storeMode("STRICT"),
      "mesh/route.yaml": route(0),
    },
    options.heap === true ? probe : {},
  );
  const path = (name: string): string => join(project.env["HOME"] ?? "", name);
  const bits = {
    STEADY_RECORD: path("bits.txt"),
    STEADY_STAYING: String(options.staying ?? 8),
    STEADY_FRESH: String(options.fresh ?? 4),
    STEADY_PAUSE_MS: String(options.pauseMs ?? 0),
  };
  project.write(
    "meshdev.yaml",
    `name: steady
services:
  backend: {run: ${program("backend")}, port: 8080}
  edge: {run: ${program("backend")}, port: 8080, publish: "${port}:8080"}
  store: {run: ${program("store")}, port: 9000/tcp}
  broken: {run: [node, -e, "setInterval(() => {}, 1e6)"], port: 8080, ready: spawn}
${options.callers.includes("bits") ? caller("bit", bits) : ""}${options.callers.includes("mixed") ? caller("mixed", { STEADY_REPORT: path("report.json") }) : ""}mesh: ./mesh
`,
  );
  const up = await project.meshdev("up", "-d", ...(options.up ?? []));
  if (up.code !== 0) {
    await project[Symbol.asyncDispose]();
    throw new Error(up.stderr);
  }
  const { sessions } = JSON.parse((await project.meshdev("ls", "-o", "json")).stdout) as {
    readonly sessions: readonly { readonly directory: string; readonly socket: string; readonly pid: number }[];
  };
  // Others on this machine may run meshes of their own.
  const session = sessions.find(({ directory }) => directory === realpathSync(project.directory));
  if (session === undefined) throw new Error("the mesh is not listed");
  const client = connectTo(session.socket);

  const now = monotonicNow();
  const timeline: Edit[] = [{ begun: now, live: now }];
  let readTo = 0;
  const heapRead = new Map<number, number>();

  return {
    project,
    client,
    daemon: session.pid,
    port,
    state: client.state,
    timeline,
    edit: () => {
      const edit: Edit = { begun: monotonicNow(), live: undefined };
      timeline.push(edit);
      const number = timeline.length - 1;
      // Editors write in place or replace the file.
      if (number % 2 === 0) project.write("mesh/bits.yaml", bitPolicy(number));
      else {
        project.write("bits.yaml.new", bitPolicy(number));
        renameSync(join(project.directory, "bits.yaml.new"), join(project.directory, "mesh/bits.yaml"));
      }
      return edit;
    },
    bitCalls: () => {
      const text = readIfThere(bits.STEADY_RECORD);
      const whole = text.lastIndexOf("\n") + 1;
      const lines = text.slice(readTo, whole).split("\n");
      readTo = whole;
      return lines.flatMap((line) => {
        const call = line === "" ? undefined : parseBitCall(line);
        return call === undefined ? [] : [{ call, line }];
      });
    },
    report: () => {
      const text = readIfThere(path("report.json"));
      return text === "" ? {} : (JSON.parse(text) as Readonly<Record<string, Tally>>);
    },
    heap: (pid) => {
      const lines = readIfThere(join(memory, `${pid}.heap`))
        .split("\n")
        .slice(0, -1);
      const fresh = lines.slice(heapRead.get(pid) ?? 0).map((line) => line.split(" ").map(Number));
      heapRead.set(pid, lines.length);
      const least = (column: number): number =>
        Math.min(...fresh.map((row) => row[column] ?? Number.NaN)) / 1024 / 1024;
      return { used: least(0), external: least(1) };
    },
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await project[Symbol.asyncDispose]();
      rmSync(memory, { recursive: true, force: true });
    },
  };
}

/** Waits until the mesh says that a generation behind `before` is live on every proxy. */
export async function untilLive(mesh: Pick<SteadyMesh, "state">, before: number): Promise<number> {
  return until(
    `a generation behind ${before}`,
    async () => {
      const { number, live, total } = (await mesh.state()).generation;
      return number > before && live === total ? number : undefined;
    },
    30_000,
  );
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
