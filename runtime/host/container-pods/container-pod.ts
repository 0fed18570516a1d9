import { existsSync, readlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { MeshError } from "../../core/error.ts";
import type { ContainerMount } from "../../model/container.ts";
import type { ContainerProgram, Workload } from "../../model/mesh.ts";
import type { RelayPlan } from "../../model/relay.ts";
import type { Labels } from "../../model/resource.ts";
import type { ProbeResult, RunningProgram } from "../../workload/runner.ts";
import type { EngineMount, NewContainer, PodEngine } from "../containers/engine.ts";
import type { Reaper } from "../reaper/reaper.ts";
import { withRole } from "./labels.ts";
import { pauseCheck, pauseCommand, podRules } from "./network.ts";
import type { PodPaths } from "./pod-folder.ts";

export interface ContainerPodOptions {
  readonly engine: PodEngine;
  /** Of pause and sidecar. */
  readonly image: string;
  readonly workload: Workload;
  readonly program: ContainerProgram;
  readonly plan: RelayPlan;
  readonly paths: PodPaths;
  readonly name: string;
  readonly labels: Labels;
  readonly session: string;
  readonly reaper: Reaper;
  readonly clock: Clock;
  /** File of the relay's program. */
  readonly relay: string;
  readonly onLine: (stream: "stdout" | "stderr", line: string) => void;
}

export interface ContainerPod extends RunningProgram {
  readonly health: () => Promise<ProbeResult>;
  /** Runs a command where the packet rules are, and lets the relay read its plan again. */
  readonly extend: (command: readonly string[]) => Promise<void>;
}

const relayPatienceMs = 10_000;
const pollMs = 10;
const defaultGraceMs = 10_000;

/** The folder in the sidecar's container that the daemon shares with it. */
const meshFolder = "/mesh";

/** Starts pause, sidecar and program, in this order: a program never runs without its sidecar. Whatever ends, the whole pod ends. */
export async function openContainerPod(options: ContainerPodOptions): Promise<ContainerPod> {
  const { engine, reaper, onLine } = options;
  const { containers } = engine;
  const made: string[] = [];
  let inode: string | undefined;

  async function make(spec: NewContainer): Promise<string> {
    const id = await containers.create(spec);
    made.push(id);
    return id;
  }

  async function clean(): Promise<void> {
    await Promise.all(made.map((id) => containers.remove(id)));
    if (inode !== undefined) reaper.forgetNamespace(inode);
  }

  try {
    const pause = await make(pauseSpec(options));
    const pauseEnd = containers.nextExit(pause);
    await containers.start(pause);
    const pausePid = (await containers.inspect(pause))?.pid ?? 0;
    if (pausePid === 0) throw await failed(engine, pause, "its network could not be made");
    inode = readlinkSync(`/proc/${pausePid}/ns/net`);
    reaper.watchNamespace(inode);
    const [loaded, sidecar, app] = await Promise.all([
      containers.exec(pause, pauseCheck),
      make(sidecarSpec(options, pause)),
      make(appSpec(options, pause)),
    ]);
    if (loaded.code !== 0) throw await failed(engine, pause, "its packet rules could not be loaded");
    const sidecarEnd = containers.nextExit(sidecar);
    await containers.start(sidecar);
    if (!(await isThere(options.paths.ready, options.clock)))
      throw await failed(engine, sidecar, "its sidecar did not come up");
    const output = await containers.attach(app, { tty: options.program.container.tty, onLine });
    const appEnd = containers.nextExit(app);
    await containers.start(app);
    const pid = (await containers.inspect(app))?.pid ?? 0;
    const partners = Promise.race([
      pauseEnd.then(() => "the container that holds its network ended"),
      sidecarEnd.then(() => "the container of its sidecar ended"),
    ]);
    let ended = false;
    void partners.then(
      async (what) => {
        if (ended) return;
        // Without its sidecar a program reaches nobody and is reached by nobody; the supervisor starts the whole pod again.
        onLine("stderr", `${what}; the program is ended with it`);
        await containers.kill(app, "SIGKILL").catch(() => undefined);
      },
      () => undefined,
    );
    const exited = (async () => {
      const exit = await appEnd.finally(() => {
        ended = true;
      });
      await output.ended;
      if (exit.outOfMemory) onLine("stderr", "killed: it used more memory than it may");
      await clean();
      return { code: exit.code, signal: null };
    })();
    return {
      // A program that has ended at once has none any more.
      pid: pid === 0 ? pausePid : pid,
      exited,
      stop: async () => {
        await containers.stop(app, options.program.stopGraceMs ?? defaultGraceMs);
        await exited;
      },
      health: async () => {
        const health = (await containers.inspect(app))?.health;
        return health === "healthy" ? { ok: true, reason: "" } : { ok: false, reason: `it is ${health ?? "gone"}` };
      },
      extend: async (command) => {
        await containers.exec(pause, command);
        await containers.kill(sidecar, "SIGHUP");
      },
    };
  } catch (error) {
    await clean();
    throw error;
  }
}

async function failed({ containers }: PodEngine, id: string, what: string): Promise<MeshError> {
  const last = await containers.logs(id, 5);
  return new MeshError("MD4001", `the pod cannot start: ${what}: ${last.map(({ line }) => line).join(" ")}`);
}

async function isThere(path: string, clock: Clock): Promise<boolean> {
  const until = clock.monotonic() + relayPatienceMs;
  while (!existsSync(path)) {
    if (clock.monotonic() > until) return false;
    await new Promise<void>((resolve) => {
      clock.after(pollMs, resolve);
    });
  }
  return true;
}

/** Rights that both of our containers do without. */
const bare = { dropCapabilities: ["ALL"], noNewPrivileges: true, pidsLimit: 64 } as const;

function pauseSpec({ image, labels, name, plan, workload }: ContainerPodOptions): NewContainer {
  return {
    ...bare,
    name: `${name}-pause`,
    image,
    labels: withRole(labels, "pause"),
    entrypoint: pauseCommand,
    command: [],
    env: { RULES: podRules(plan) },
    user: "0:0",
    network: { kind: "none" },
    hostname: workload.name,
    sysctls: { "net.ipv4.ip_unprivileged_port_start": "0" },
    mounts: [{ kind: "tmpfs", target: "/tmp" }],
    addCapabilities: ["NET_ADMIN"],
    readOnlyRoot: true,
  };
}

/** Runs as whoever owns the folder of sockets, without a single capability. */
function sidecarSpec({ engine, image, labels, name, paths, relay }: ContainerPodOptions, pause: string): NewContainer {
  const user = engine.rootless ? "0:0" : `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const code = "/meshdev";
  return {
    ...bare,
    name: `${name}-sidecar`,
    image,
    labels: withRole(labels, "sidecar"),
    entrypoint: ["node", "--disable-warning=ExperimentalWarning", `${code}/${basename(relay)}`, meshFolder],
    command: [],
    user,
    network: { kind: "container", id: pause },
    mounts: [
      { kind: "bind", source: dirname(relay), target: code, readOnly: true },
      { kind: "bind", source: paths.sockets, target: meshFolder, readOnly: false },
    ],
    readOnlyRoot: true,
  };
}

function appSpec(
  { labels, name, paths, program, session, workload }: ContainerPodOptions,
  pause: string,
): NewContainer {
  const { container } = program;
  const port = workload.ports[0]?.port;
  return {
    name,
    image: container.image,
    labels: withRole(labels, "app"),
    entrypoint: container.entrypoint,
    command: container.command,
    env: {
      ...program.env,
      MESHDEV_WORKLOAD: workload.id,
      MESHDEV_SESSION: session,
      ...(port === undefined ? {} : { PORT: String(port) }),
    },
    user: container.user,
    workingDirectory: container.workingDirectory,
    tty: container.tty,
    init: true,
    healthcheck: container.healthcheck,
    network: { kind: "container", id: pause },
    mounts: [
      { kind: "bind", source: paths.hosts, target: "/etc/hosts", readOnly: true },
      ...container.mounts.map((mount) => engineMount(mount, workload.id)),
    ],
    // It may do what a container usually may, but not to other networks or to the rules of its own.
    dropCapabilities: ["NET_ADMIN", "NET_RAW"],
    noNewPrivileges: true,
    memoryLimit: container.memoryLimit,
    cpuLimit: container.cpuLimit,
  };
}

function engineMount(mount: ContainerMount, workload: string): EngineMount {
  if (mount.kind !== "files") return mount;
  throw new MeshError("MD6020", `${workload}: a mount of the type files cannot be made yet`, {
    hint: `write the files to a folder and mount that at ${mount.target}`,
  });
}
