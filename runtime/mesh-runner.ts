import { homedir } from "node:os";
import type { Clock } from "./core/clock.ts";
import type { Problem } from "./core/problem.ts";
import { withoutCompileCache } from "./control/compile-cache.ts";
import type { LeaseEntrance } from "./control/commands.ts";
import type { EventHub } from "./control/event-hub.ts";
import type { MeshLoop } from "./control/mesh-loop.ts";
import type { Env, Ground } from "./ground.ts";
import { createContainerRunner } from "./host/container-pods/container-runner.ts";
import type { PodEngine } from "./host/containers/engine.ts";
import { runtimeImage } from "./host/container-pods/runtime-image.ts";
import type { HookConfig, HookPlace } from "./host/hook-config.ts";
import { createHostRunner, type HostRunner, type HostRunnerOptions } from "./host/host-runner.ts";
import { createPodRunner } from "./host/pods/pod-runner.ts";
import { captureVariables } from "./host/program-environment.ts";
import type { MeshPods } from "./mesh-pods.ts";
import type { Mesh, Workload } from "./model/mesh.ts";
import { programFile } from "./program-file.ts";

export interface MeshRunnerOptions {
  readonly ground: Pick<Ground, "session" | "user" | "reaper" | "pods" | "first">;
  readonly clock: Clock;
  readonly env: Env;
  readonly place: HookPlace;
  readonly hub: Pick<EventHub, "tell">;
  readonly loop: () => Pick<MeshLoop, "setInTheOpen" | "setProblems" | "mesh">;
  readonly configOf: (workload: Workload) => HookConfig;
}

/** Runs programs in network pods or with the hook, and makes problems of what they do that a cluster would not let them. */
export function createMeshRunner(options: MeshRunnerOptions): HostRunner {
  const { ground, hub, loop, place } = options;
  const openPorts = new Map<string, ReadonlySet<number>>();
  /** By what they say: a program that starts again does the same again. */
  const problems = new Map<string, Problem>();
  const common: Omit<HostRunnerOptions, "place" | "onOpenPort" | "onBypass"> = {
    session: ground.session,
    user: ground.user,
    reaper: ground.reaper,
    clock: options.clock,
    env: withoutCompileCache(options.env),
    configOf: options.configOf,
  };

  function warn(code: "MD4005" | "MD4006", workload: Workload, what: string): void {
    const message = `${workload.id} ${what}`;
    problems.set(message, {
      code,
      severity: "warning",
      message,
      ...(workload.at === undefined ? {} : { at: workload.at }),
    });
    loop().setProblems("capture", [...problems.values()]);
  }

  function inPods(pods: MeshPods): HostRunner {
    return createPodRunner({
      ...common,
      ...pods,
      onLoopbackOnly: (workload, port) => {
        const what = `listens on 127.0.0.1:${port} only; in a cluster its sidecar could not reach it (IST0143)`;
        warn("MD4006", workload, what);
      },
    });
  }

  function withHook(): HostRunner {
    const runner = createHostRunner({
      ...common,
      place,
      onOpenPort: (workload, port) => {
        openPorts.set(workload.id, new Set([...(openPorts.get(workload.id) ?? []), port]));
        loop().setInTheOpen(new Map(openPorts));
      },
      onBypass: (workload, what) => {
        hub.tell({ type: "bypass.seen", workload: workload.id, what });
        warn("MD4005", workload, what);
      },
    });
    return {
      ...runner,
      start: (workload, onLine) => {
        openPorts.delete(workload.id);
        return runner.start(workload, onLine);
      },
    };
  }

  const processes = ground.pods === undefined ? withHook() : inPods(ground.pods);
  const containers = createContainerRunner({
    session: ground.session,
    reaper: ground.reaper,
    clock: options.clock,
    mesh: ground.first.mesh.name,
    connect: () => connectEngine(options.env),
    runtimeImage: (engine) => runtimeImage(engine, options.env["PATH"], () => undefined),
    configOf: options.configOf,
    relay: programFile("relay"),
    ports: () => portsOf(loop().mesh() ?? ground.first.mesh),
  });
  return byKind(processes, containers);
}

/** Loaded only by a mesh with containers. */
async function connectEngine(env: Env): Promise<PodEngine> {
  const [{ openEngine }, { podEngine }] = await Promise.all([
    import("./host/containers/engine-client.ts"),
    import("./host/containers/docker.ts"),
  ]);
  return podEngine(await openEngine({ env, home: env["HOME"] ?? homedir() }));
}

/** Every port that a service or a workload of the mesh has. */
function portsOf({ services, workloads }: Mesh): readonly number[] {
  return [
    ...services.flatMap((service) => service.ports.map(({ port }) => port)),
    ...workloads.flatMap((workload) => workload.ports.map(({ port }) => port)),
  ];
}

/** Sends each workload to what runs its kind of program. */
function byKind(processes: HostRunner, containers: HostRunner): HostRunner {
  const runnerOf = ({ program }: Workload): HostRunner => (program?.container === undefined ? processes : containers);
  return {
    ...processes,
    start: (workload, onLine) => runnerOf(workload).start(workload, onLine),
    probe: (workload) => runnerOf(workload).probe(workload),
    refresh: (workload) => runnerOf(workload).refresh(workload),
    usage: () => ({ ...processes.usage(), ...containers.usage() }),
    close: () => {
      processes.close();
      containers.close();
    },
  };
}

/** What puts a leased command behind its sidecar: a pod, or the hook. */
export function enterLease(runner: HostRunner, session: string, lease: Workload): LeaseEntrance {
  const hook = captureVariables({ session, workload: lease, hookConfig: runner.refresh(lease) }, undefined);
  if (runner.lease === undefined) return { env: hook };
  const { NODE_OPTIONS: _options, ...env } = hook;
  return { env, ...runner.lease(lease) };
}
