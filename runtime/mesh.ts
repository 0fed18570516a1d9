import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock, type Clock } from "./core/clock.ts";
import { MeshError } from "./core/error.ts";
import type { Problem } from "./core/problem.ts";
import { createScope, type Scope } from "./core/scope.ts";
import { openApi } from "./control/api.ts";
import { obeyCommand } from "./control/commands.ts";
import { openDataPlane, type DataPlaneLink } from "./control/data-plane-link.ts";
import { withCompileCache, withoutCompileCache } from "./control/compile-cache.ts";
import { createEventHub } from "./control/event-hub.ts";
import { createListenerProblems } from "./control/listener-problems.ts";
import { loadFirst, type FirstLoad } from "./control/first-load.ts";
import type { Loaded } from "./control/load.ts";
import { claimMachineAddresses } from "./control/machine-address.ts";
import { openMeshCa } from "./control/mesh-ca.ts";
import { createMeshLoop } from "./control/mesh-loop.ts";
import { createObservation } from "./control/observation.ts";
import { socketAddress } from "./control/placement.ts";
import { createPlane } from "./control/plane.ts";
import { isProcessStopped } from "./control/process-state.ts";
import { findProjectFile } from "./control/project-file.ts";
import { createProxyReadiness } from "./control/proxy-readiness.ts";
import { selectWorkloads, unknownServices } from "./control/selection.ts";
import type { DaemonOptions } from "./control/start-report.ts";
import { createSvids } from "./control/svids.ts";
import { createTrafficTotals } from "./control/traffic-totals.ts";
import { caFolder, openCaStore, readGivenCa } from "./host/ca-store.ts";
import { buildHookConfig, type HookPlace } from "./host/hook-config.ts";
import { createHostRunner } from "./host/host-runner.ts";
import { checkPublishedPorts } from "./host/ports.ts";
import { captureVariables } from "./host/program-environment.ts";
import { readMeshFiles, type MeshFileSet } from "./host/read-mesh-files.ts";
import { startReaper } from "./host/reaper/reaper.ts";
import { openSession, type Session } from "./host/session.ts";
import { currentUser } from "./host/session-folder.ts";
import type { FromDataPlane } from "./model/dataplane.ts";
import type { Workload } from "./model/mesh.ts";
import { initialState } from "./store/initial-state.ts";
import { createSupervisor, type Supervisor } from "./workload/supervisor.ts";

/** How long a program waits for its sidecar, and a lease for its own. */
const sidecarPatienceMs = 5_000;
/** How long everything has to end when nobody is there any more. */
const hurryMs = 600;
const usageEveryMs = 2_000;

export interface RunningMesh {
  readonly session: Session;
  /** Resolves when every program is ready and every sidecar has what it needs; rejects when one cannot become so. */
  readonly ready: Promise<void>;
  /** Ends everything that was started; `hurry` gives programs no time to say goodbye. Joins an end that has begun. */
  readonly stop: (hurry?: boolean) => Promise<void>;
}

export interface MeshSurroundings {
  readonly options: DaemonOptions;
  /** What programs inherit, and what `${VAR}` in the project file means. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: (text: string) => void;
  /** A client came that owns the mesh; the result is called when it goes. */
  readonly onOwner: () => () => void;
  readonly onDetach: () => void;
  /** Somebody asked for the end, or it cannot go on. */
  readonly onEnd: (reason: string) => void;
  readonly clock?: Clock;
}

/** Starts the mesh of a project folder. Throws a MeshError when it cannot; nothing is left behind then. */
export async function startMesh(surroundings: MeshSurroundings): Promise<RunningMesh> {
  const scope = createScope();
  try {
    return await assemble(surroundings, scope);
  } catch (error) {
    await scope.close();
    throw error;
  }
}

async function assemble(surroundings: MeshSurroundings, scope: Scope): Promise<RunningMesh> {
  const { options, log } = surroundings;
  const clock = surroundings.clock ?? systemClock;
  const user = currentUser(surroundings.env);
  const projectFile = findProjectFile(options.directory, options.file);

  const opened = openSession(options.directory, user, surroundings.env);
  if (opened.kind === "running") {
    throw new MeshError("MD7005", `a mesh already runs in ${options.directory} (pid ${opened.record.pid})`, { hint: "attach with `meshdev attach`" });
  }
  const { session } = opened;
  scope.defer(session.remove);
  const reaper = startReaper({ id: session.id, folder: session.paths.root });
  scope.defer(reaper.close);

  // The data plane starts while this process reads files and loads libraries.
  const connection = connectDataPlane(surroundings, session, clock, reaper.watch);
  scope.defer(connection.close);
  const { env, first, files } = loadOrRefuse(options, projectFile, surroundings.env);
  const { mesh } = first;
  const active = selectWorkloads(mesh, options.services, options.noDeps);
  const [machine, ca] = await Promise.all([
    claimMachineAddresses(process.platform),
    openMeshCa(
      { given: options.caDirectory === undefined ? undefined : readGivenCa(options.caDirectory), ...openCaStore(caFolder(options.directory, surroundings.env), user, options.freshCa) },
      mesh.config.trustDomain,
      options.svidTtlMs,
      clock,
    ),
    refuseTakenPorts(mesh.workloads.filter((workload) => active.has(workload.id))),
  ]);
  scope.defer(machine.release);

  const place: HookPlace = {
    outbound: session.paths.outbound,
    app: session.paths.app,
    socketAddress: (address, port) => socketAddress(machine.mapFor(loop.mesh()?.workloads ?? mesh.workloads), address, port),
    alias: machine.second,
  };
  const capture = "node hook";
  const hub = createEventHub(clock, initialState({ mesh: mesh.name, directory: session.record.directory, startedAt: session.record.startedAt, capture }));
  const { send } = connection.link;
  const observation = createObservation({ clock, hub, send });
  const totals = createTrafficTotals();
  const proxies = createProxyReadiness(clock);
  const listeners = createListenerProblems();
  const plane = createPlane({ clock, paths: session.paths, addressesFor: machine.mapFor, send, onReport: (report) => loop.report(report), onRemoved: (proxy) => svids.forget(proxy) });
  scope.defer(plane.generations.close);
  const svids = createSvids({
    clock,
    sign: ca.sign,
    send,
    identityOf: (proxy) => plane.snapshots().get(proxy)?.identity,
    onIssued: (proxy, certificate, isFirst) => {
      hub.tell({ type: isFirst ? "svid.issued" : "svid.rotated", proxy, certificate });
    },
  });
  scope.defer(svids.close);

  const openPorts = new Map<string, ReadonlySet<number>>();
  const bypasses: Problem[] = [];
  const runner = createHostRunner({
    session,
    user,
    reaper,
    clock,
    place,
    env: withoutCompileCache(surroundings.env),
    configOf: (workload) => buildHookConfig(loop.mesh() ?? mesh, { ready: supervisor.ready() }, workload, place),
    onOpenPort: (workload, port) => {
      openPorts.set(workload.id, new Set([...(openPorts.get(workload.id) ?? []), port]));
      loop.setInTheOpen(new Map(openPorts));
    },
    onBypass: (workload, what) => {
      hub.tell({ type: "bypass.seen", workload: workload.id, what });
      bypasses.push({ code: "MD4005", severity: "warning", message: `${workload.id} ${what}`, ...(workload.at === undefined ? {} : { at: workload.at }) });
      loop.setProblems("capture", [...bypasses]);
    },
  });
  scope.defer(runner.close);

  const supervisor: Supervisor = createSupervisor({
    clock,
    runner: {
      probe: runner.probe,
      start: async (workload, onLine) => {
        // A program that starts before its sidecar would fail its first call.
        if (workload.sidecar) await proxies.wait(workload.id, sidecarPatienceMs);
        openPorts.delete(workload.id);
        return runner.start(workload, onLine);
      },
    },
    report: (event) => {
      switch (event.type) {
        case "state":
          hub.tell({ type: "workload.changed", workload: event.workload.id, state: event.state });
          return;
        case "line":
          hub.tell({ type: "workload.logged", workload: event.workload.id, stream: event.stream, line: event.line });
          return;
        case "ready":
          loop.setReady(event.ready);
          return;
        case "problems":
          loop.setProblems("programs", event.problems);
      }
    },
  });

  const loop = createMeshLoop({
    directory: options.directory,
    projectFile,
    env,
    services: options.services,
    noDeps: options.noDeps,
    hub,
    plane,
    onActive: (workloads) => {
      supervisor.apply(workloads);
    },
    onWorld: (current) => {
      const states = supervisor.states();
      for (const workload of current.workloads) if (isAlive(states.get(workload.id)?.state.phase)) runner.refresh(workload);
    },
  });
  loop.setProblems("machine", ca.problems);

  connection.attach({
    onStarted: (pid) => {
      hub.tell({ type: "dataplane.started", pid, reason: null });
      send({ type: "bundle", version: 1, roots: ca.roots });
      observation.resend();
      plane.resend();
    },
    onLost: (pid, reason) => {
      log(`data plane ${pid} ${reason}`);
      reaper.forget(pid);
      totals.keep();
      proxies.reset();
      hub.tell({ type: "dataplane.lost", pid, reason });
    },
    onMessage: (message) => {
      switch (message.type) {
        case "csr":
          void svids.answer(message.proxy, message.csr);
          return;
        case "ack":
          plane.generations.ack(message.proxy, message.generation);
          return;
        case "nack":
          plane.generations.nack(message.proxy, message.generation, message.reason);
          return;
        case "ready":
          proxies.arrive(message.proxy);
          return;
        case "counts":
          hub.tell({ type: "traffic.counted", counts: totals.update(message.counts) });
          return;
        case "events":
          observation.hear(message);
          for (const event of message.events) {
            const problems = listeners.hear(event);
            if (problems !== undefined) loop.setProblems("listeners", problems);
          }
          return;
        case "replayed":
          observation.hear(message);
      }
    },
  });
  loop.start(first);
  scope.defer(supervisor.close);

  const watcher = options.watch ? watchFiles() : undefined;
  async function watchFiles(): Promise<{ readonly poke: () => void; readonly close: () => Promise<void> }> {
    // Loaded late: nothing of the start waits for it.
    const { watchMeshFiles } = await import("./host/watch.ts");
    const opened = watchMeshFiles(first.project.mesh, {
      directory: options.directory,
      projectFile,
      clock,
      onChange: ({ files: now, problems, eventAt }) => {
        loop.reload({ files: now, problems, since: eventAt });
        opened.setPaths(loop.loaded()?.project.mesh ?? []);
      },
      onProblems: (problems) => {
        loop.setProblems("writers", problems);
      },
    });
    // What changed between the first reading and this one.
    if (!isSameText(opened.initial, files)) loop.reload({ ...opened.initial, since: clock.monotonic() });
    return opened;
  }
  if (watcher !== undefined) scope.defer(async () => (await watcher).close());

  let measured = -Infinity;
  function measure(): void {
    if (clock.monotonic() - measured < usageEveryMs / 2) return;
    measured = clock.monotonic();
    const usage = runner.usage();
    if (Object.keys(usage).length > 0) hub.tell({ type: "usage.measured", usage });
  }
  let cancelMeasure = clock.after(usageEveryMs, measureAgain);
  function measureAgain(): void {
    if (observation.isObserved()) measure();
    cancelMeasure = clock.after(usageEveryMs, measureAgain);
  }
  scope.defer(() => {
    cancelMeasure();
  });

  const api = await openApi(session.paths.control, {
    state: () => {
      measure();
      return hub.state();
    },
    subscribe: observation.subscribe,
    event: observation.find,
    snapshot: (proxy) => plane.snapshots().get(proxy),
    own: surroundings.onOwner,
    onError: (error) => {
      log(`control API: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    },
    command: (command, untilClosed) =>
      obeyCommand(
        {
          loop,
          programs: supervisor,
          renew: svids.renew,
          hasProxy: (proxy) => plane.snapshots().has(proxy),
          stop: () => {
            surroundings.onEnd("mesh.stop");
          },
          reload: () => {
            const project = loop.loaded()?.project;
            if (project !== undefined) loop.reload({ ...readMeshFiles(options.directory, project.mesh, [projectFile]), since: clock.monotonic() });
          },
          detach: surroundings.onDetach,
          environmentOf: async (lease: Workload) => {
            if (lease.sidecar) await proxies.wait(lease.id, sidecarPatienceMs);
            return captureVariables({ session: session.id, workload: lease, hookConfig: runner.refresh(lease) }, undefined);
          },
        },
        command,
        untilClosed,
      ),
  });
  void reaper.exited.then(() => {
    if (stopping === undefined) surroundings.onEnd("the reaper is gone");
  });

  let stopping: Promise<void> | undefined;
  async function stop(hurry = false): Promise<void> {
    // Programs first, while their sidecars still answer; in a hurry whatever is left is killed with the reaper's end.
    const ended = supervisor.close();
    await (hurry ? Promise.race([ended, pause(clock, hurryMs)]) : ended);
    await api.close();
    await (hurry ? Promise.race([scope.close(), pause(clock, hurryMs)]) : scope.close());
    await reaper.close();
    session.remove();
  }

  const ready = whenReady(supervisor, plane.generations.whenLive());
  ready.catch(() => undefined);
  return {
    session,
    ready,
    stop: (hurry) => (stopping ??= stop(hurry)),
  };
}

interface DataPlaneHandlers {
  readonly onStarted: (pid: number) => void;
  readonly onLost: (pid: number, reason: string) => void;
  readonly onMessage: (message: FromDataPlane) => void;
}

/** Opens the link before there is anybody to hear it; what matters of the time before is that a process has started. */
function connectDataPlane(
  { env, log }: MeshSurroundings,
  session: Session,
  clock: Clock,
  watch: (pid: number) => void,
): { readonly link: DataPlaneLink; readonly attach: (handlers: DataPlaneHandlers) => void; readonly close: () => Promise<void> } {
  let handlers: DataPlaneHandlers | undefined;
  let greeted: number | undefined;
  const logFile = openSync(join(session.paths.root, "dataplane.log"), "a", 0o600);
  const link = openDataPlane({
    entry: programFile("dataplane"),
    env: withCompileCache({ ...env, MESHDEV_SESSION: session.id }),
    log: logFile,
    clock,
    isStopped: isProcessStopped,
    onSpawn: watch,
    onStarted: (pid) => {
      greeted = pid;
      handlers?.onStarted(pid);
    },
    onLost: (pid, reason) => {
      greeted = undefined;
      if (handlers === undefined) log(`data plane ${pid} ${reason}`);
      handlers?.onLost(pid, reason);
    },
    onMessage: (message) => handlers?.onMessage(message),
  });
  return {
    link,
    attach: (given) => {
      handlers = given;
      if (greeted !== undefined) given.onStarted(greeted);
    },
    close: async () => {
      await link.close();
      closeSync(logFile);
    },
  };
}

/** Reads the project for the first time: there is no last valid version, so nothing may be wrong (model.md §3). */
function loadOrRefuse(options: DaemonOptions, projectFile: string, base: MeshSurroundings["env"]): FirstLoad<MeshFileSet> & { readonly first: Loaded } {
  const read = loadFirst({ directory: options.directory, projectFile, env: base }, readMeshFiles);
  const { result } = read;
  if (result.kind === "rejected" || (!result.complete && !options.allowInvalid)) {
    const problems = result.kind === "rejected" ? result.problems : result.loaded.problems;
    const errors = problems.filter((problem) => problem.severity === "error");
    const [worst] = errors;
    throw new MeshError(worst?.code ?? "MD1001", `the mesh does not start: ${errors.length === 1 ? "one error" : `${errors.length} errors`} in its files`, {
      problems,
      hint: "mend them, or start with --allow-invalid to run without what is invalid",
    });
  }
  const unknown = unknownServices(result.loaded.mesh, options.services);
  if (unknown.length > 0) throw new MeshError("MD7006", `there is no service ${unknown.join(", ")}`, { hint: "names are the keys below `services` and `variants`" });
  return { ...read, first: result.loaded };
}

async function refuseTakenPorts(workloads: readonly Workload[]): Promise<void> {
  const ports = workloads.flatMap((workload) => workload.publish.map(({ hostPort }) => ({ workload: workload.id, hostPort })));
  const problems = await checkPublishedPorts(ports);
  const [first] = problems;
  if (first === undefined) return;
  throw new MeshError(first.code, first.message, { problems, ...(first.hint === undefined ? {} : { hint: first.hint }) });
}

async function whenReady(supervisor: Supervisor, live: Promise<void>): Promise<void> {
  const outcome = await supervisor.settled();
  switch (outcome.kind) {
    case "failed":
      throw new MeshError(outcome.reason.startsWith("it ended") ? "MD4003" : "MD4001", `${outcome.workload} did not start: ${outcome.reason}`, { hint: "`run`, `cwd` and the program's own log say more" });
    case "timeout":
      throw new MeshError("MD4002", `${outcome.workload} is not ready: ${outcome.reason}`, { hint: "check that it listens on the port that it declares" });
    case "ready":
      await live;
  }
}

function isAlive(phase: string | undefined): boolean {
  return phase === "starting" || phase === "ready" || phase === "unready";
}

function isSameText(a: MeshFileSet, b: MeshFileSet): boolean {
  return a.files.length === b.files.length && a.files.every((file, at) => file.path === b.files[at]?.path && file.text === b.files[at]?.text);
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}

/** The file of one of our own programs: TypeScript in a checkout, JavaScript in a package. */
function programFile(name: string): string {
  return fileURLToPath(new URL(`./${name}.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url));
}
