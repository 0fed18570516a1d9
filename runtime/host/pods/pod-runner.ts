import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Workload } from "../../model/mesh.ts";
import type { ProbeResult, RunningProgram } from "../../workload/runner.ts";
import { replaceFile } from "../atomic-file.ts";
import type { HostRunner, HostRunnerOptions, LeasePod } from "../host-runner.ts";
import { probeHttp } from "../http-probe.ts";
import { measureUsage } from "../process-tree.ts";
import { processProgram } from "../process-program.ts";
import { startProcess, type Enclosure, type RunningProcess } from "../process.ts";
import { podEnvironment } from "../program-environment.ts";
import { readTcpTable } from "../tcp-table.ts";
import type { Lender } from "./lender.ts";
import { openLoopback } from "./loopback.ts";
import type { PodNetwork } from "./network.ts";
import { podEnclosure, type PodOptions } from "./pod.ts";
import { readIfThere, writePodFiles } from "./pod-files.ts";
import { vethPrefix } from "./rules.ts";
import { sweepNamespaces } from "./sweep.ts";
import type { PodTools } from "./tools.ts";

export interface PodRunnerOptions extends Pick<
  HostRunnerOptions,
  "session" | "user" | "reaper" | "clock" | "env" | "configOf"
> {
  readonly tools: PodTools;
  readonly isRoot: boolean;
  readonly network: PodNetwork;
  readonly lender: Lender;
  /** A program listens on 127.0.0.1 only, where a cluster's sidecar would not reach it; told once per start and port. */
  readonly onLoopbackOnly: (workload: Workload, port: number) => void;
}

interface Entry {
  readonly process: RunningProcess;
  /** Ports on 127.0.0.1 that the pod's address leads to. */
  readonly opened: Map<number, Promise<void>>;
}

const httpProbeMs = 2000;

/** Runs every program in a network pod of its own. Nothing in the program has to know. */
export function createPodRunner(options: PodRunnerOptions): HostRunner {
  const { session, user, reaper, clock, network, tools, isRoot } = options;
  const running = new Map<string, Entry>();
  const ending = new Map<string, Promise<unknown>>();
  let pods = 0;

  function refresh(workload: Workload): string {
    const path = session.paths.hook(workload.id);
    // Only a leased caller still runs with the hook.
    if (workload.program === undefined) replaceFile(path, JSON.stringify(options.configOf(workload)), user);
    return path;
  }

  function enclose(workload: Workload, hooks: Pick<PodOptions, "onNamespace" | "onEnd">): Enclosure {
    pods += 1;
    const files = writePodFiles(filesOf(workload), workload);
    const veth = `${vethPrefix}${pods}`;
    return podEnclosure({ tools, network, user, isRoot, address: workload.address, veth, files, ...hooks });
  }

  function filesOf(workload: Workload): string {
    return join(session.paths.root, "pods", workload.address);
  }

  /** The command is started by somebody else, who has a terminal for it: its namespace is told in a file. */
  function lease(workload: Workload): LeasePod {
    const launch = enclose(workload, { onNamespace: () => undefined, onEnd: () => undefined }).wrap([]);
    const note = join(filesOf(workload), "namespace");
    writeFileSync(note, "", { mode: 0o600 });
    return {
      launch,
      end: () => {
        const inode = readIfThere(note).trim();
        rmSync(note, { force: true });
        if (inode !== "") void endPod(inode);
      },
    };
  }

  async function start(
    workload: Workload,
    onLine: (stream: "stdout" | "stderr", line: string) => void,
  ): Promise<RunningProgram> {
    const program = processProgram(workload);
    await ending.get(workload.id);
    let inode: string | undefined;
    let swept: Promise<void> | undefined;
    const enclosure = enclose(workload, {
      onNamespace: (found) => {
        inode = found;
        reaper.watchNamespace(found);
      },
      onEnd: () => {
        if (inode === undefined) return;
        swept = endPod(inode);
        ending.set(workload.id, swept);
      },
    });
    const child = await startProcess({
      command: program.command,
      cwd: program.cwd,
      env: podEnvironment({ session: session.id, workload }, options.env),
      user,
      clock,
      onLine,
      enclosure,
    });
    reaper.watch(child.pid);
    const entry: Entry = { process: child, opened: new Map() };
    running.set(workload.id, entry);
    const exited = child.exited.then(async (exit) => {
      reaper.forget(child.pid);
      if (running.get(workload.id) === entry) running.delete(workload.id);
      await swept;
      return exit;
    });
    return { pid: child.pid, exited, stop: () => child.stop(program.stopGraceMs) };
  }

  /** What the program left behind ends with it, as in a container. */
  async function endPod(inode: string): Promise<void> {
    await sweepNamespaces(new Set([inode]), clock);
    reaper.forgetNamespace(inode);
  }

  async function probe(workload: Workload): Promise<ProbeResult> {
    const ready = workload.program?.ready;
    if (ready === undefined || ready.kind === "spawn") return { ok: true, reason: "" };
    const entry = running.get(workload.id);
    if (entry === undefined) return { ok: false, reason: "it does not run" };
    const ports = ready.kind === "http" ? [ready.port] : workload.ports.map(({ port }) => port);
    for (const port of ports) {
      if (!(await isReachable(workload, entry, port))) return { ok: false, reason: `port ${port} does not accept` };
    }
    if (ready.kind !== "http") return { ok: true, reason: "" };
    try {
      const socket = await options.lender.reach(workload.address, ready.port, httpProbeMs);
      return await probeHttp({ createConnection: () => socket }, ready.path);
    } catch (error) {
      return { ok: false, reason: `${ready.path}: ${error instanceof Error ? error.message : String(error)}` };
    }
  }

  /** The kernel's table of the pod says who listens, without a connection that the program would see. */
  async function isReachable(workload: Workload, entry: Entry, port: number): Promise<boolean> {
    const { pid } = entry.process;
    const on = new Set(
      readTcpTable(`/proc/${pid}`)
        .filter(({ state, local }) => state === "listen" && local.port === port)
        .map(({ local }) => local.address),
    );
    if (on.has("0.0.0.0") || on.has("::") || on.has(workload.address)) return true;
    if (!on.has("127.0.0.1")) return false;
    let opened = entry.opened.get(port);
    if (opened === undefined) {
      opened = openLoopback({ tools, isRoot, holder: network.pid, pod: pid, address: workload.address, port });
      entry.opened.set(port, opened);
      options.onLoopbackOnly(workload, port);
    }
    await opened;
    return true;
  }

  return {
    start,
    probe,
    refresh,
    lease,
    usage: () => Object.fromEntries([...running].map(([id, entry]) => [id, measureUsage(entry.process.pid)])),
    close: () => undefined,
  };
}
