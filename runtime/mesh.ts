import { profileSettings } from "./config/profiles.ts";
import { systemClock, type Clock } from "./core/clock.ts";
import { createScope, type Scope } from "./core/scope.ts";
import { answerFlips } from "./control/answer-flips.ts";
import { openApi } from "./control/api.ts";
import { obeyCommand } from "./control/commands.ts";
import { createDataPlaneEar } from "./control/data-plane-ear.ts";
import { createEventHub } from "./control/event-hub.ts";
import { createMeshLoop } from "./control/mesh-loop.ts";
import { createObservation } from "./control/observation.ts";
import { socketAddress } from "./control/placement.ts";
import { createPlane } from "./control/plane.ts";
import { createProxyReadiness } from "./control/proxy-readiness.ts";
import { createRecalls } from "./control/recalls.ts";
import { createResends } from "./control/resends.ts";
import { waitUntilReady } from "./control/ready.ts";
import { createSavedFlips } from "./control/saved-flips.ts";
import type { DaemonOptions } from "./control/start-report.ts";
import { createSvids } from "./control/svids.ts";
import { createUsageMeter } from "./control/usage-meter.ts";
import { podPaths } from "./host/container-pods/pod-folder.ts";
import { buildHookConfig, endpointTable, nameTable, type HookPlace } from "./host/hook-config.ts";
import { readMeshFiles } from "./host/read-mesh-files.ts";
import type { Session } from "./host/session.ts";
import { takeGround, type Env } from "./ground.ts";
import { keepMeshKeys } from "./mesh-keys.ts";
import { createPrograms, sidecarPatienceMs } from "./mesh-programs.ts";
import { createMeshRunner, enterLease } from "./mesh-runner.ts";
import { followSources } from "./mesh-sources.ts";
import { keepTrust } from "./mesh-trust.ts";
import { watchFiles } from "./mesh-watch.ts";
import { initialState } from "./store/initial-state.ts";

/** How long everything has to end when nobody is there any more. */
const hurryMs = 500;

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
  readonly env: Env;
  readonly log: (text: string) => void;
  /** A client came that owns the mesh; the result is called when it goes. */
  readonly onOwner: () => () => void;
  readonly onDetach: () => void;
  /** Somebody asked for the end, or it cannot go on; `hurry`: programs have no way to say goodbye any more. */
  readonly onEnd: (reason: string, hurry?: boolean) => void;
  readonly clock?: Clock;
}

/** Starts the mesh of a project folder. Throws a MeshError when it cannot; nothing is left behind then. */
export async function startMesh(surroundings: MeshSurroundings): Promise<RunningMesh> {
  const scope = createScope();
  try {
    return await compose(surroundings, scope);
  } catch (error) {
    await scope.close();
    throw error;
  }
}

/** Where everything meets: files, CA, data plane, programs, API. Order matters twice: what starts early, and what ends last. */
async function compose(surroundings: MeshSurroundings, scope: Scope): Promise<RunningMesh> {
  const { options, log, env, clock = systemClock } = surroundings;
  const { directory } = options;
  const ground = await takeGround(options, env, clock, scope);
  const { paths, session, reaper, link, first, machine, ca } = ground;

  const place: HookPlace = {
    outbound: session.paths.outbound,
    app: session.paths.app,
    socketAddress: (address, port) => socketAddress(machine.mapFor(loop.mesh()?.workloads ?? []), address, port),
    alias: machine.second,
  };
  const hub = createEventHub(
    clock,
    initialState({
      mesh: first.mesh.name,
      directory: session.record.directory,
      startedAt: session.record.startedAt,
      capture: ground.pods === undefined ? "node hook" : "network pods",
    }),
  );
  const { send } = link;
  const observation = createObservation({ clock, hub, send });
  const resends = createResends(clock, send);
  const recalls = createRecalls(clock, send);
  const flips = createSavedFlips({
    clock,
    hub,
    recall: recalls.recall,
    onError: (error) => log(`flips: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
  });
  const proxies = createProxyReadiness(clock);
  const plane = createPlane({
    clock,
    paths: session.paths,
    addressesFor: (workloads) => {
      for (const { id, program } of workloads) if (program?.container !== undefined) podPaths(session, id);
      return machine.mapFor(workloads);
    },
    send,
    onReport: (report) => loop.report(report),
    onRemoved: (proxy) => svids.forget(proxy),
  });
  scope.defer(plane.generations.close);
  const svids = createSvids({
    clock,
    sign: ca.sign,
    send,
    identityOf: (proxy) => plane.snapshots().get(proxy)?.identity,
    onIssued: (proxy, { facts, rotateAt }, isFirst) =>
      hub.tell({
        type: isFirst ? "svid.issued" : "svid.rotated",
        proxy,
        certificate: facts,
        rotateAt: new Date(rotateAt).toISOString(),
      }),
  });
  scope.defer(svids.close);
  const trust = keepTrust({
    clock,
    ca,
    svids,
    send,
    given: options.watch ? ground.givenCa : undefined,
    loop: () => loop,
  });
  scope.defer(trust.close);

  const keySets = keepMeshKeys({
    clock,
    directory,
    env,
    place,
    reach: ground.pods?.lender.reach,
    first: first.mesh,
    loop: () => loop,
    ready: () => supervisor.ready(),
  });
  scope.defer(keySets.close);
  const runner = createMeshRunner({
    ground,
    clock,
    env,
    place,
    hub,
    loop: () => loop,
    configOf: (workload) => buildHookConfig(loop.mesh() ?? first.mesh, { ready: supervisor.ready() }, workload, place),
  });
  scope.defer(runner.close);
  const supervisor = createPrograms({
    clock,
    runner,
    proxies,
    hub,
    loop: () => loop,
    onReady: () => keySets.retry(),
  });
  const isWatching = options.watch && profileSettings(first.project.profiles, paths.profiles).watch !== false;
  const sources = followSources({
    clock,
    isOn: isWatching,
    hub,
    loop: () => loop,
    renew: supervisor.renew,
    startedAt: supervisor.startedAt,
  });
  scope.defer(sources.close);
  const loop = createMeshLoop({
    directory,
    paths,
    env: ground.variables,
    issuer: ground.issuer,
    services: options.services,
    noDeps: options.noDeps,
    hub,
    plane,
    onActive: (workloads, { mesh }) => {
      keySets.want(mesh);
      supervisor.apply(workloads);
      sources.follow(workloads);
    },
    onSaved: flips.saved,
    onWorld: (mesh) => {
      const states = supervisor.states();
      tellZone();
      for (const workload of mesh.workloads)
        if (isAlive(states.get(workload.id)?.state.phase)) runner.refresh(workload);
    },
  });

  /** Pods ask for names; the hook has them in a file. */
  function tellZone(): void {
    const mesh = loop.mesh();
    if (ground.pods === undefined || mesh === undefined) return;
    const world = { ready: supervisor.ready() };
    send({ type: "zone", ...nameTable(mesh, world), endpoints: endpointTable(mesh, world, place) });
  }

  loop.setProblems("machine", ca.problems);
  const onLost = (pid: number, reason: string): void => {
    log(`data plane ${pid} ${reason}`);
    reaper.forget(pid);
  };
  link.attach(
    createDataPlaneEar({
      hub,
      plane,
      svids,
      proxies,
      observation,
      resends,
      recalls,
      loop,
      bundle: trust.bundle,
      onFresh: tellZone,
      send,
      onLost,
    }),
  );
  loop.start(first, ground.files);
  scope.defer(supervisor.close);
  const watcher = isWatching ? watchFiles({ loop, directory, clock, from: ground.files }) : undefined;
  scope.defer(async () => (await watcher)?.close());
  const meter = createUsageMeter(clock, hub, runner.usage, observation.isObserved);
  scope.defer(meter.close);

  const targets = {
    loop,
    programs: { ...supervisor, restart: sources.forgiving(supervisor.restart) },
    renew: svids.renew,
    rotateCa: trust.renewRoot,
    hasProxy: (proxy: string) => plane.snapshots().has(proxy),
    stop: () => surroundings.onEnd("mesh.stop"),
    reload: async () => {
      const running = await watcher;
      // A watcher never takes a file that is still being written; without one, who asks knows that it is whole.
      if (running !== undefined) running.poke();
      else {
        const wanted = loop.wanted();
        loop.reload({ ...readMeshFiles(directory, wanted.mesh, wanted.named), since: clock.monotonic() });
      }
    },
    detach: surroundings.onDetach,
    resend: resends.resend,
    entranceOf: async (lease: Parameters<typeof runner.refresh>[0]) => {
      if (lease.sidecar) await proxies.wait(lease.id, sidecarPatienceMs);
      return enterLease(runner, session.id, lease);
    },
  };
  const api = await openApi(session.paths.control, {
    state: () => {
      meter.measure();
      return hub.state();
    },
    subscribe: observation.subscribe,
    event: observation.find,
    flips: (question) => answerFlips({ flips, loop, read: (paths) => readMeshFiles(directory, paths) }, question),
    snapshot: (proxy) => plane.snapshots().get(proxy),
    own: surroundings.onOwner,
    onError: (error) => log(`control API: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    command: (command, untilClosed) => obeyCommand(targets, command, untilClosed),
  });

  let stopping: Promise<void> | undefined;
  async function stop(hurry: boolean): Promise<void> {
    // Programs first, while their sidecars still answer.
    const ended = supervisor.close();
    await (hurry ? Promise.race([ended, pause(clock, hurryMs)]) : ended);
    if (hurry) {
      // The end of the reaper kills what is left; a data plane that it kills must not be replaced.
      await Promise.all([link.close(), reaper.close()]);
    }
    await api.close();
    await scope.close();
  }
  const noteHolderEnd = async (): Promise<void> => {
    if (ground.pods === undefined) return;
    await ground.pods.network.exited;
    if (stopping === undefined) surroundings.onEnd("the mesh namespace is gone", true);
  };
  void noteHolderEnd();
  const noteReaperEnd = async (): Promise<void> => {
    await reaper.exited;
    if (stopping === undefined) surroundings.onEnd("the reaper is gone");
  };
  void noteReaperEnd();
  const ready = waitUntilReady({
    clock,
    settled: async () => {
      const outcome = await supervisor.settled();
      await keySets.settled();
      return outcome;
    },
    generations: plane.generations,
    state: hub.state,
  });
  ready.catch(() => undefined);
  return { session, ready, stop: (hurry = false) => (stopping ??= stop(hurry)) };
}

function isAlive(phase: string | undefined): boolean {
  return phase === "starting" || phase === "ready" || phase === "unready";
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
