import { rmSync } from "node:fs";
import type { Clock } from "../core/clock.ts";
import type { SocketAddress } from "../model/dataplane.ts";
import type { Workload } from "../model/mesh.ts";
import type { ResourceUsage } from "../model/state.ts";
import type { ProbeResult, Runner, RunningProgram } from "../workload/runner.ts";
import { replaceFile } from "./atomic-file.ts";
import { findBypass } from "./bypass.ts";
import { listenAddress, type HookConfig, type HookPlace } from "./hook-config.ts";
import { probeHttp } from "./http-probe.ts";
import { isListening } from "./listening.ts";
import { listProcessTree, listSocketInodes, measureUsage } from "./process-tree.ts";
import { processProgram } from "./process-program.ts";
import { startProcess, type RunningProcess } from "./process.ts";
import { programEnvironment } from "./program-environment.ts";
import type { Reaper } from "./reaper/reaper.ts";
import type { Session } from "./session.ts";
import type { HostUser } from "./session-folder.ts";
import { readTcpTable } from "./tcp-table.ts";

export interface HostRunnerOptions {
  readonly session: Session;
  readonly user: HostUser;
  readonly reaper: Reaper;
  readonly clock: Clock;
  readonly place: HookPlace;
  /** The environment that programs inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The newest configuration of a workload's hook. */
  readonly configOf: (workload: Workload) => HookConfig;
  /** A program listens on TCP instead of its Unix socket: its sidecar must dial 127.0.0.1 there, and STRICT means nothing. */
  readonly onOpenPort: (workload: Workload, port: number) => void;
  /** Something went past a sidecar; told once per program and destination. */
  readonly onBypass: (workload: Workload, what: string) => void;
}

export interface LeasePod {
  /** Commands to put before the leased one. */
  readonly launch: readonly string[];
  /** Ends whatever is left in it. */
  readonly end: () => void;
}

export interface HostRunner extends Runner {
  /** Writes a workload's hook file again; call for every workload whenever names or endpoints may have changed. */
  readonly refresh: (workload: Workload) => string;
  /** Where a leased caller's command runs, when that is a pod. */
  readonly lease?: (workload: Workload) => LeasePod;
  readonly usage: () => Readonly<Record<string, ResourceUsage>>;
  readonly close: () => void;
}

interface Entry {
  readonly workload: Workload;
  readonly process: RunningProcess;
  readonly told: Set<string>;
  readonly open: Set<number>;
}

const bypassPollMs = 2000;
const openPortPollMs = 300;

/** Runs programs as processes with the Node hook. */
export function createHostRunner(options: HostRunnerOptions): HostRunner {
  const { session, user, reaper, clock, place } = options;
  const running = new Map<string, Entry>();
  let lastOpenLook = -Infinity;
  let cancelPoll = clock.after(bypassPollMs, poll);

  function refresh(workload: Workload): string {
    const path = session.paths.hook(workload.id);
    replaceFile(path, JSON.stringify(options.configOf(workload)), user);
    return path;
  }

  async function start(
    workload: Workload,
    onLine: (stream: "stdout" | "stderr", line: string) => void,
  ): Promise<RunningProgram> {
    const program = processProgram(workload);
    const hookConfig = refresh(workload);
    // A socket file outlives the program that made it.
    for (const { port } of workload.ports) rmSync(place.app(workload.id, port), { force: true });
    const child = await startProcess({
      command: program.command,
      cwd: program.cwd,
      env: programEnvironment({ session: session.id, workload, hookConfig }, options.env),
      user,
      clock,
      onLine,
    });
    reaper.watch(child.pid);
    running.set(workload.id, { workload, process: child, told: new Set(), open: new Set() });
    const exited = child.exited.then((exit) => {
      reaper.forget(child.pid);
      if (running.get(workload.id)?.process === child) running.delete(workload.id);
      return exit;
    });
    return { pid: child.pid, exited, stop: () => child.stop(program.stopGraceMs) };
  }

  async function probe(workload: Workload): Promise<ProbeResult> {
    const ready = workload.program?.ready;
    if (ready === undefined || ready.kind === "spawn") return { ok: true, reason: "" };
    if (ready.kind === "http") {
      const at = await addressOf(workload, ready.port);
      return probeHttp(at.kind === "unix" ? { socketPath: at.path } : { host: at.host, port: at.port }, ready.path);
    }
    for (const { port } of workload.ports) {
      const at = await addressOf(workload, port);
      if (!(await isListening(at))) return { ok: false, reason: `port ${port} does not accept` };
    }
    return { ok: true, reason: "" };
  }

  /** Where the program listens: where the hook put it, or in the open. */
  async function addressOf(workload: Workload, port: number): Promise<SocketAddress> {
    const open: SocketAddress = { kind: "tcp", host: "127.0.0.1", port };
    const entry = running.get(workload.id);
    if (entry?.open.has(port) === true) return open;
    const hooked = listenAddress(workload, port, place) ?? open;
    if (entry === undefined || (await isListening(hooked))) return hooked;
    const now = clock.monotonic();
    if (workload.sidecar && now - lastOpenLook > openPortPollMs) {
      lastOpenLook = now;
      lookForBypass();
      if (entry.open.has(port)) return open;
    }
    return hooked;
  }

  function lookForBypass(): void {
    const table = readTcpTable("/proc");
    if (table.length === 0) return;
    for (const entry of running.values()) {
      const { workload, told, open } = entry;
      if (!workload.sidecar) continue;
      const found = findBypass(workload, table, listSocketInodes(listProcessTree(entry.process.pid)), place.alias);
      for (const port of found.listening) {
        if (open.has(port)) continue;
        open.add(port);
        options.onOpenPort(workload, port);
        options.onBypass(
          workload,
          `listens on TCP port ${port} in the open; STRICT cannot be enforced for ${workload.id}`,
        );
      }
      for (const target of found.connected) {
        if (told.has(target)) continue;
        told.add(target);
        options.onBypass(workload, `connects to ${target} past its sidecar`);
      }
    }
  }

  function poll(): void {
    lookForBypass();
    cancelPoll = clock.after(bypassPollMs, poll);
  }

  return {
    start,
    probe,
    refresh,
    usage: () => Object.fromEntries([...running].map(([id, entry]) => [id, measureUsage(entry.process.pid)])),
    close: () => cancelPoll(),
  };
}
