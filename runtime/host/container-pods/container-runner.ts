import { rmSync } from "node:fs";
import type { Clock } from "../../core/clock.ts";
import { MeshError } from "../../core/error.ts";
import { relayFiles } from "../../model/relay.ts";
import type { ContainerProgram, Workload } from "../../model/mesh.ts";
import type { ProbeResult, RunningProgram } from "../../workload/runner.ts";
import type { PodEngine } from "../containers/engine.ts";
import type { HookConfig } from "../hook-config.ts";
import type { HostRunner } from "../host-runner.ts";
import { probeHttp } from "../http-probe.ts";
import { measureUsage } from "../process-tree.ts";
import type { Reaper } from "../reaper/reaper.ts";
import type { Session } from "../session.ts";
import { readTcpTable } from "../tcp-table.ts";
import { provideImage } from "./app-image.ts";
import { openContainerPod, type ContainerPod } from "./container-pod.ts";
import { podLabels, removeLeftovers } from "./labels.ts";
import { addPorts, hostsText } from "./network.ts";
import { podPaths, writeInPlace, writePlan } from "./pod-folder.ts";
import { createPortPlan } from "./relay-plan.ts";

export interface ContainerRunnerOptions {
  readonly session: Session;
  readonly reaper: Reaper;
  readonly clock: Clock;
  readonly mesh: string;
  /** Connects to the engine; called once, when the first container starts. @throws MeshError MD602x */
  readonly connect: () => Promise<PodEngine>;
  /** The image of pause and sidecar; makes it when it is not there. */
  readonly runtimeImage: (engine: PodEngine) => Promise<string>;
  readonly configOf: (workload: Workload) => HookConfig;
  /** File of the relay's program. */
  readonly relay: string;
  /** All ports that anybody in the mesh serves. */
  readonly ports: () => Iterable<number>;
}

interface Ready {
  readonly engine: PodEngine;
  readonly image: string;
}

interface Entry {
  readonly workload: Workload;
  readonly pod: ContainerPod;
  known: ReadonlySet<number>;
}

/** Runs programs as containers, each in a pod of its own whose network is nothing but its sidecar. */
export function createContainerRunner(options: ContainerRunnerOptions): HostRunner {
  const { session, clock } = options;
  const running = new Map<string, Entry>();
  const ports = createPortPlan();
  const starts = new Map<string, number>();
  let engine: Promise<Ready> | undefined;

  async function connect(): Promise<Ready> {
    const connected = await options.connect();
    await removeLeftovers(connected, session);
    return { engine: connected, image: await options.runtimeImage(connected) };
  }

  function ready(): Promise<Ready> {
    engine ??= connect().catch((error: unknown) => {
      engine = undefined;
      throw error;
    });
    return engine;
  }

  async function start(
    workload: Workload,
    onLine: (stream: "stdout" | "stderr", line: string) => void,
  ): Promise<RunningProgram> {
    const program = containerProgram(workload);
    const { engine: own, image } = await ready();
    await provideImage(own, program.container, (line) => onLine("stderr", line));
    const plan = ports.plan(
      options.ports(),
      workload.ports.map(({ port }) => port),
    );
    const paths = podPaths(session, workload.id);
    rmSync(paths.ready, { force: true });
    writePlan(paths, plan);
    writeInPlace(paths.hosts, hostsText(options.configOf(workload)));
    const count = (starts.get(workload.id) ?? 0) + 1;
    starts.set(workload.id, count);
    const pod = await openContainerPod({
      engine: own,
      image,
      workload,
      program,
      plan,
      paths,
      name: `meshdev-${options.mesh}-${workload.id.replaceAll(/[^\w.-]/g, "-")}-${session.id.slice(0, 6)}-${count}`,
      labels: podLabels(options.mesh, session, workload),
      session: session.id,
      reaper: options.reaper,
      clock,
      relay: options.relay,
      onLine,
    });
    const entry: Entry = { workload, pod, known: new Set(plan.outbound.map(({ port }) => port)) };
    running.set(workload.id, entry);
    const exited = pod.exited.finally(() => {
      if (running.get(workload.id) === entry) running.delete(workload.id);
    });
    return { pid: pod.pid, exited, stop: pod.stop };
  }

  async function probe(workload: Workload): Promise<ProbeResult> {
    const readiness = workload.program?.ready;
    if (readiness === undefined || readiness.kind === "spawn") return { ok: true, reason: "" };
    const entry = running.get(workload.id);
    if (entry === undefined) return { ok: false, reason: "it does not run" };
    if (readiness.kind === "healthcheck") return entry.pod.health();
    const wanted = readiness.kind === "http" ? [readiness.port] : workload.ports.map(({ port }) => port);
    // The pod's network has one table for all of its processes: who listens there is known without a connection that the program would see.
    const listening = new Set(
      readTcpTable(`/proc/${entry.pod.pid}`).flatMap(({ state, local }) => (state === "listen" ? [local.port] : [])),
    );
    const closed = wanted.find((port) => !listening.has(port));
    if (closed !== undefined) return { ok: false, reason: `port ${closed} does not accept` };
    if (readiness.kind !== "http") return { ok: true, reason: "" };
    return probeHttp(
      { socketPath: session.paths.podSocket(workload.id, relayFiles.inbound(readiness.port)) },
      readiness.path,
    );
  }

  function refresh(workload: Workload): string {
    const paths = podPaths(session, workload.id);
    const entry = running.get(workload.id);
    if (entry === undefined) return paths.hosts;
    writeInPlace(paths.hosts, hostsText(options.configOf(workload)));
    const plan = ports.plan(
      options.ports(),
      workload.ports.map(({ port }) => port),
    );
    const added = plan.outbound.filter(({ port }) => !entry.known.has(port));
    if (added.length > 0) {
      entry.known = new Set(plan.outbound.map(({ port }) => port));
      writePlan(paths, plan);
      void entry.pod.extend(addPorts(added));
    }
    return paths.hosts;
  }

  return {
    start,
    probe,
    refresh,
    usage: () => Object.fromEntries([...running].map(([id, { pod }]) => [id, measureUsage(pod.pid)])),
    close: () => undefined,
  };
}

function containerProgram({ id, program, sidecar }: Workload): ContainerProgram {
  if (program?.container === undefined) throw new MeshError("MD4001", `${id} has no container to run`);
  if (sidecar) return program;
  throw new MeshError("MD6020", `${id} is a container without a sidecar: its pod would have no network at all`, {
    hint: "remove `sidecar: false`, or run it as a process",
  });
}
