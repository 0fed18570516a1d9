import type { Clock } from "../core/clock.ts";
import type { NeedCondition } from "../model/container.ts";
import type { Workload } from "../model/mesh.ts";
import type { WorkloadState } from "../model/state.ts";
import { createMember, type Member } from "./member.ts";
import { findBlockers, findDoomed, stopOrder } from "./needs.ts";
import { problemOf } from "./program-problem.ts";
import type { Runner, SupervisorEvent } from "./runner.ts";

export interface Supervisor {
  /** Declares what shall run: starts what is new, stops what is gone, restarts what changed. */
  readonly apply: (workloads: readonly Workload[]) => void;
  /** By key in the project file, or workload id; false when there is none. */
  readonly restart: (service: string) => boolean;
  /** Restarts what shall run of a service, as its files have changed. */
  readonly renew: (service: string) => void;
  /** When a program of the service was started last, monotonic milliseconds. */
  readonly startedAt: (service: string) => number | undefined;
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

export function createSupervisor({ runner, clock, report }: SupervisorOptions): Supervisor {
  const members = new Map<string, Member>();
  /** Members that are no longer declared and have not ended yet. */
  const removed = new Set<Member>();
  const waiters = new Set<() => void>();
  let lastReady: ReadonlySet<string> = new Set();
  let lastProblems = "[]";
  let closing: Promise<void> | undefined;

  const workloads = (): Workload[] => [...members.values()].map((member) => member.workload());
  const isReady = (id: string): boolean => {
    const state = members.get(id)?.life().state;
    return state?.phase === "ready" || (state?.phase === "exited" && state.code === 0 && state.restartAt === null);
  };
  const meets = (id: string, condition: NeedCondition): boolean => {
    const state = members.get(id)?.life().state;
    switch (condition) {
      case "ready":
        return isReady(id);
      case "started":
        return isReady(id) || (state !== undefined && "pid" in state && state.pid > 0);
      case "completed":
        return state?.phase === "exited" && state.code === 0;
    }
  };

  function afterChange(): void {
    const all = [...members.values()];
    const ready = new Set(
      all.filter((member) => member.life().state.phase === "ready").map((member) => member.workload().id),
    );
    if (ready.size !== lastReady.size || [...ready].some((id) => !lastReady.has(id))) {
      lastReady = ready;
      report({ type: "ready", ready });
    }
    const problems = all.flatMap((member) => problemOf(member.workload(), member.life().state) ?? []);
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
      if (member.life().state.phase !== "waiting") continue;
      const by = findBlockers(member.workload(), all, meets);
      if (by.join() !== member.life().blockedBy.join()) member.dispatch({ type: "blocked", by });
    }
  }

  function create(workload: Workload): Member {
    const member: Member = createMember(workload, {
      runner,
      clock,
      report,
      onChange: () => {
        afterChange();
        if (removed.has(member) && hasEnded(member)) forget(member);
      },
    });
    return member;
  }

  function forget(member: Member): void {
    removed.delete(member);
    members.delete(member.workload().id);
  }

  function pick(service: string): Member[] {
    return [...members.values()].filter(
      (member) => member.workload().service === service || member.workload().id === service,
    );
  }

  function startMember(member: Member): void {
    const doom = findDoomed(workloads()).get(member.workload().id);
    if (doom !== undefined) return member.dispatch({ type: "doomed", reason: doom });
    member.dispatch({ type: "blocked", by: findBlockers(member.workload(), workloads(), meets) });
    member.dispatch({ type: "start" });
  }

  function apply(declared: readonly Workload[]): void {
    if (closing !== undefined) return;
    const runnable = declared.filter((workload) => workload.program !== undefined);
    const ids = new Set(runnable.map((workload) => workload.id));
    for (const member of members.values()) {
      if (ids.has(member.workload().id)) continue;
      removed.add(member);
      member.dispatch({ type: "stop" });
      if (hasEnded(member)) forget(member);
    }
    const fresh: Member[] = [];
    for (const workload of runnable) {
      const member = members.get(workload.id);
      if (member === undefined) {
        const created = create(workload);
        members.set(workload.id, created);
        fresh.push(created);
        continue;
      }
      const back = removed.delete(member);
      const changed = member.declare(workload);
      if (back) fresh.push(member);
      else if (changed && member.life().wanted === "up") member.dispatch({ type: "restart" });
      else if (changed && member.life().state.phase === "failed") fresh.push(member);
    }
    for (const member of fresh) startMember(member);
  }

  function outcome(): StartOutcome | undefined {
    let pending = false;
    for (const member of members.values()) {
      const workload = member.workload();
      const { state, wanted } = member.life();
      if (wanted === "down" && state.phase !== "failed") continue;
      if (state.phase === "failed") return { kind: "failed", workload: workload.id, reason: state.reason };
      if (state.phase === "unready") return { kind: "timeout", workload: workload.id, reason: state.reason };
      if (state.phase === "exited" && (state.restartAt !== null || state.code !== 0)) {
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
      for (const member of ending) member.dispatch({ type: "stop" });
      await waitFor(() => ending.every(hasEnded) || undefined);
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
    restart: (service) => forEach(pick(service), (member) => member.dispatch({ type: "restart" })),
    renew: (service) => void forEach(pick(service), (member) => member.dispatch({ type: "renew" })),
    startedAt: (service) =>
      pick(service)
        .flatMap((member) => member.startedAt() ?? [])
        .toSorted((a, b) => b - a)[0],
    stop: (service) => forEach(pick(service), (member) => member.dispatch({ type: "stop" })),
    start: (service) => forEach(pick(service), startMember),
    states: () =>
      new Map(
        [...members].map(([id, member]) => [id, { state: member.life().state, restarts: member.life().restarts }]),
      ),
    ready: () => lastReady,
    settled: () => waitFor(outcome),
    close: () => (closing ??= closeAll()),
  };
}

function forEach<T>(items: readonly T[], act: (item: T) => void): boolean {
  for (const item of items) act(item);
  return items.length > 0;
}

function hasEnded(member: Member): boolean {
  const { phase } = member.life().state;
  return phase === "stopped" || phase === "failed";
}
