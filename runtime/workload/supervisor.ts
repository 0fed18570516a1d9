import type { Clock } from "../core/clock.ts";
import { MeshError } from "../core/error.ts";
import type { Workload } from "../model/mesh.ts";
import type { WorkloadState } from "../model/state.ts";
import { createLifecycle, step, type Effect, type Lifecycle, type Signal, type Timer } from "./lifecycle.ts";
import { findBlockers, findDoomed, stopOrder } from "./needs.ts";
import { problemOf } from "./program-problem.ts";
import type { Runner, RunningProgram, SupervisorEvent } from "./runner.ts";

export interface Supervisor {
  /** Declares what shall run: starts what is new, stops what is gone, restarts what changed. */
  readonly apply: (workloads: readonly Workload[]) => void;
  /** By key in the project file, or workload id; false when there is none. */
  readonly restart: (service: string) => boolean;
  readonly stop: (service: string) => boolean;
  readonly start: (service: string) => boolean;
  readonly states: () => ReadonlyMap<string, { readonly state: WorkloadState; readonly restarts: number }>;
  /** Ids of workloads that may get traffic. */
  readonly ready: () => ReadonlySet<string>;
  /** Resolves when every program is ready or done (`ok`), or when one can no longer become so. */
  readonly settled: () => Promise<StartOutcome>;
  /** Stops everything, those that others need last. */
  readonly close: () => Promise<void>;
}

export type StartOutcome =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly workload: string; readonly reason: string }
  | { readonly kind: "timeout"; readonly workload: string; readonly reason: string };

export interface SupervisorOptions {
  readonly runner: Runner;
  readonly clock: Clock;
  readonly report: (event: SupervisorEvent) => void;
}

interface Member {
  workload: Workload;
  life: Lifecycle;
  program: RunningProgram | undefined;
  /** Distinguishes starts, so that late news of an old one are ignored. */
  turn: number;
  readonly timers: Map<Timer, () => void>;
  stopProbe: (() => void) | undefined;
  readonly lastLines: string[];
  removed: boolean;
}

const startingProbeMs = 25;
const readyProbeMs = 1000;
const keptLines = 20;

export function createSupervisor({ runner, clock, report }: SupervisorOptions): Supervisor {
  const members = new Map<string, Member>();
  const waiters = new Set<() => void>();
  let lastReady: ReadonlySet<string> = new Set();
  let lastProblems = "[]";
  let closing: Promise<void> | undefined;

  const workloads = (): Workload[] => [...members.values()].map((member) => member.workload);
  const isReady = (id: string): boolean => {
    const state = members.get(id)?.life.state;
    return state?.phase === "ready" || (state?.phase === "exited" && state.code === 0 && state.restartAt === null);
  };

  function dispatch(member: Member, signal: Signal): void {
    const before = member.life;
    const [life, effects] = step(before, signal);
    member.life = life;
    // Effects may dispatch again; the state is told first, so that it is told in order.
    if (life.state !== before.state)
      report({ type: "state", workload: member.workload, state: life.state, restarts: life.restarts });
    for (const effect of effects) run(member, effect);
    if (life.state !== before.state) afterChange();
    if (member.removed && (life.state.phase === "stopped" || life.state.phase === "failed"))
      members.delete(member.workload.id);
  }

  function afterChange(): void {
    const ready = new Set(
      [...members.values()].filter((each) => each.life.state.phase === "ready").map((each) => each.workload.id),
    );
    if (ready.size !== lastReady.size || [...ready].some((id) => !lastReady.has(id))) {
      lastReady = ready;
      report({ type: "ready", ready });
    }
    const problems = [...members.values()].flatMap((each) => problemOf(each.workload, each.life.state) ?? []);
    const text = JSON.stringify(problems);
    if (text !== lastProblems) {
      lastProblems = text;
      report({ type: "problems", problems });
    }
    unblock();
    for (const wake of waiters) wake();
  }

  function unblock(): void {
    const all = workloads();
    for (const member of members.values()) {
      if (member.life.state.phase !== "waiting") continue;
      const by = findBlockers(member.workload, all, isReady);
      if (by.join() !== member.life.blockedBy.join()) dispatch(member, { type: "blocked", by });
    }
  }

  function run(member: Member, effect: Effect): void {
    switch (effect.type) {
      case "spawn":
        void spawn(member);
        return;
      case "terminate":
        void member.program?.stop();
        return;
      case "probe.begin":
        member.stopProbe?.();
        member.stopProbe = probeFrom(member);
        return;
      case "probe.end":
        member.stopProbe?.();
        member.stopProbe = undefined;
        return;
      case "timer.set":
        member.timers.get(effect.timer)?.();
        member.timers.set(
          effect.timer,
          clock.after(effect.ms, () => dispatch(member, { type: "timer", timer: effect.timer })),
        );
        return;
      case "timer.clear":
        member.timers.get(effect.timer)?.();
        member.timers.delete(effect.timer);
    }
  }

  async function spawn(member: Member): Promise<void> {
    const turn = (member.turn += 1);
    const { workload } = member;
    member.lastLines.length = 0;
    try {
      const program = await runner.start(workload, (stream, line) => {
        member.lastLines.push(line);
        if (member.lastLines.length > keptLines) member.lastLines.shift();
        report({ type: "line", workload, stream, line });
      });
      member.program = program;
      void watchEnd(member, turn, program);
      dispatch(member, { type: "spawned", pid: program.pid });
    } catch (error) {
      // Stopped while it failed to start: there is nothing left to end.
      if (member.life.state.phase === "stopping")
        dispatch(member, { type: "exited", code: null, signal: null, lastLines: [], now: clock.now() });
      else dispatch(member, { type: "spawn.failed", reason: reasonOf(error) });
    }
  }

  async function watchEnd(member: Member, turn: number, program: RunningProgram): Promise<void> {
    const { code, signal } = await program.exited;
    if (member.turn !== turn) return;
    member.program = undefined;
    dispatch(member, { type: "exited", code, signal, lastLines: [...member.lastLines], now: clock.now() });
  }

  function probeFrom(member: Member): () => void {
    let over = false;
    let cancel: (() => void) | undefined;
    const attempt = async (): Promise<void> => {
      const result = await runner.probe(member.workload);
      if (over) return;
      dispatch(member, { type: "probed", ...result });
      if (over) return;
      cancel = clock.after(pauseBetweenProbes(member), () => void attempt());
    };
    void attempt();
    return () => {
      over = true;
      cancel?.();
    };
  }

  function pick(service: string): Member[] {
    return [...members.values()].filter((each) => each.workload.service === service || each.workload.id === service);
  }

  function startMember(member: Member): void {
    const doom = findDoomed(workloads()).get(member.workload.id);
    if (doom !== undefined) return dispatch(member, { type: "doomed", reason: doom });
    dispatch(member, { type: "blocked", by: findBlockers(member.workload, workloads(), isReady) });
    dispatch(member, { type: "start" });
  }

  function apply(declared: readonly Workload[]): void {
    if (closing !== undefined) return;
    const runnable = declared.filter((workload) => workload.program !== undefined);
    const ids = new Set(runnable.map((workload) => workload.id));
    for (const member of members.values()) {
      if (ids.has(member.workload.id)) continue;
      member.removed = true;
      dispatch(member, { type: "stop" });
    }
    const fresh: Member[] = [];
    for (const workload of runnable) {
      const member = members.get(workload.id);
      if (member === undefined) {
        const created = createMember(workload);
        members.set(workload.id, created);
        fresh.push(created);
        continue;
      }
      const changed = isOtherProgram(member.workload, workload);
      const back = member.removed;
      member.removed = false;
      member.workload = workload;
      member.life = { ...member.life, job: isJob(workload) };
      if (back) fresh.push(member);
      else if (changed && member.life.wanted === "up") dispatch(member, { type: "restart" });
      else if (changed && member.life.state.phase === "failed") fresh.push(member);
    }
    for (const member of fresh) startMember(member);
  }

  function outcome(): StartOutcome | undefined {
    let pending = false;
    for (const { workload, life } of members.values()) {
      const { state } = life;
      if (life.wanted === "down" && state.phase !== "failed") continue;
      if (state.phase === "failed") return { kind: "failed", workload: workload.id, reason: state.reason };
      if (state.phase === "unready") return { kind: "timeout", workload: workload.id, reason: state.reason };
      if (state.phase === "exited" && state.restartAt !== null) {
        return {
          kind: "failed",
          workload: workload.id,
          reason: `it ended with ${state.signal ?? `exit code ${state.code}`}`,
        };
      }
      if (!isReady(workload.id)) pending = true;
    }
    return pending ? undefined : { kind: "ready" };
  }

  async function closeAll(): Promise<void> {
    for (const wave of stopOrder(workloads())) {
      const ending = wave.flatMap((id) => members.get(id) ?? []);
      for (const member of ending) dispatch(member, { type: "stop" });
      await waitFor(
        () =>
          ending.every((member) => member.life.state.phase === "stopped" || member.life.state.phase === "failed") ||
          undefined,
      );
    }
  }

  function waitFor<T>(look: () => T | undefined): Promise<T> {
    return new Promise((done) => {
      const wake = (): void => {
        const value = look();
        if (value === undefined) return;
        waiters.delete(wake);
        done(value);
      };
      waiters.add(wake);
      wake();
    });
  }

  return {
    apply,
    restart: (service) => forEach(pick(service), (member) => dispatch(member, { type: "restart" })),
    stop: (service) => forEach(pick(service), (member) => dispatch(member, { type: "stop" })),
    start: (service) => forEach(pick(service), startMember),
    states: () => new Map([...members].map(([id, { life }]) => [id, { state: life.state, restarts: life.restarts }])),
    ready: () => lastReady,
    settled: () => waitFor(outcome),
    close: () => (closing ??= closeAll()),
  };
}

function forEach<T>(items: readonly T[], act: (item: T) => void): boolean {
  for (const item of items) act(item);
  return items.length > 0;
}

function createMember(workload: Workload): Member {
  return {
    workload,
    life: createLifecycle(isJob(workload)),
    program: undefined,
    turn: 0,
    timers: new Map(),
    stopProbe: undefined,
    lastLines: [],
    removed: false,
  };
}

/** Without a port there is nothing to wait for. */
function isJob(workload: Workload): boolean {
  const ready = workload.program?.ready;
  return ready?.kind === "spawn" || (ready?.kind === "ports" && workload.ports.length === 0);
}

function isOtherProgram(before: Workload, after: Workload): boolean {
  return programText(before) !== programText(after);
}

/** All that a program would notice. */
function programText({ program, ports, sidecar, address, namespace }: Workload): string {
  return JSON.stringify([
    program?.command,
    program?.cwd,
    program?.env,
    program?.ready,
    ports,
    sidecar,
    address,
    namespace,
  ]);
}

function pauseBetweenProbes({ workload, life }: Member): number {
  const ready = workload.program?.ready;
  if (life.state.phase !== "ready") return startingProbeMs;
  return ready?.kind === "http" ? ready.everyMs : readyProbeMs;
}

function reasonOf(error: unknown): string {
  if (error instanceof MeshError) return error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  return error instanceof Error ? error.message : String(error);
}
