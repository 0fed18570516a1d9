import { describe, expect, it } from "vitest";
import type { Clock } from "../../../runtime/core/clock.ts";
import { MeshError } from "../../../runtime/core/error.ts";
import type { Workload } from "../../../runtime/model/mesh.ts";
import { findDoomed, stopOrder } from "../../../runtime/workload/needs.ts";
import type { Runner, SupervisorEvent } from "../../../runtime/workload/runner.ts";
import { createSupervisor, type Supervisor } from "../../../runtime/workload/supervisor.ts";
import { makeWorkload } from "./workloads.ts";

/** A clock that only moves when told. */
function createTestClock(): Clock & { readonly advance: (ms: number) => Promise<void> } {
  let now = 0;
  let tasks: { readonly at: number; readonly run: () => void }[] = [];
  return {
    now: () => now,
    monotonic: () => now,
    after: (ms, run) => {
      const task = { at: now + ms, run };
      tasks.push(task);
      return () => {
        tasks = tasks.filter((each) => each !== task);
      };
    },
    advance: async (ms) => {
      const end = now + ms;
      for (;;) {
        await settle();
        const next = tasks.filter((task) => task.at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        now = Math.max(now, next.at);
        tasks = tasks.filter((each) => each !== next);
        next.run();
      }
      now = end;
      await settle();
    },
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

interface Stage {
  readonly supervisor: Supervisor;
  readonly clock: ReturnType<typeof createTestClock>;
  /** What happened, in order: `start a-1`, `stop a-1`. */
  readonly log: string[];
  readonly events: SupervisorEvent[];
  readonly listening: Set<string>;
  readonly broken: Set<string>;
  readonly end: (id: string, code: number) => Promise<void>;
  readonly phases: () => Record<string, string>;
}

function setUp(): Stage {
  const clock = createTestClock();
  const log: string[] = [];
  const events: SupervisorEvent[] = [];
  const listening = new Set<string>();
  const broken = new Set<string>();
  const ends = new Map<string, (code: number) => void>();
  let pids = 100;
  const runner: Runner = {
    start: async (workload, onLine) => {
      if (broken.has(workload.id))
        throw new MeshError("MD4001", `${workload.id} was not found`, { hint: "look again" });
      log.push(`start ${workload.id}`);
      onLine("stderr", `${workload.id} says hello`);
      const exited = new Promise<{ code: number | null; signal: string | null }>((done) => {
        ends.set(workload.id, (code) => done({ code, signal: null }));
      });
      pids += 1;
      return {
        pid: pids,
        exited,
        stop: async () => {
          log.push(`stop ${workload.id}`);
          listening.delete(workload.id);
          ends.get(workload.id)?.(0);
        },
      };
    },
    probe: async (workload) =>
      listening.has(workload.id) ? { ok: true, reason: "" } : { ok: false, reason: "port 8080 does not accept" },
  };
  const supervisor = createSupervisor({ runner, clock, report: (event) => events.push(event) });
  return {
    supervisor,
    clock,
    log,
    events,
    listening,
    broken,
    end: async (id, code) => {
      listening.delete(id);
      ends.get(id)?.(code);
      await settle();
    },
    phases: () => Object.fromEntries([...supervisor.states()].map(([id, { state }]) => [id, state.phase])),
  };
}

const needs = (...keys: readonly string[]): { readonly program: { readonly needs: readonly string[] } } => ({
  program: { needs: keys },
});
const problemsOf = (stage: Stage): readonly string[] => {
  const last = stage.events.findLast((event) => event.type === "problems");
  return last?.type === "problems" ? last.problems.map((problem) => `${problem.code} ${problem.message}`) : [];
};

const changed = (command: readonly string[]): Workload => makeWorkload("changed", { program: { command } });

describe("the supervisor", () => {
  it("starts in the order of readiness and stops in the reverse", async () => {
    const stage = setUp();
    stage.supervisor.apply([makeWorkload("web", needs("api")), makeWorkload("api", needs("db")), makeWorkload("db")]);
    await stage.clock.advance(100);
    expect(stage.log).toEqual(["start db-1"]);
    stage.listening.add("db-1");
    await stage.clock.advance(100);
    expect(stage.log).toEqual(["start db-1", "start api-1"]);
    stage.listening.add("api-1");
    await stage.clock.advance(100);
    stage.listening.add("web-1");
    await stage.clock.advance(100);
    expect(await stage.supervisor.settled()).toEqual({ kind: "ready" });
    expect(stage.supervisor.ready()).toEqual(new Set(["db-1", "api-1", "web-1"]));
    const closed = stage.supervisor.close();
    await stage.clock.advance(100);
    await closed;
    expect(stage.log.slice(3)).toEqual(["stop web-1", "stop api-1", "stop db-1"]);
    stage.supervisor.apply([makeWorkload("late")]);
    await stage.clock.advance(100);
    expect(stage.log).toHaveLength(6);
  });

  it("waits for what `needs` says: a start, readiness, an end with exit code 0", async () => {
    const stage = setUp();
    const after = (key: string, condition: "started" | "completed"): Workload =>
      makeWorkload(`after-${condition}`, { program: { needs: [key], conditions: { [key]: condition } } });
    const job = makeWorkload("job", { ports: [], program: { ready: { kind: "spawn" } } });
    stage.supervisor.apply([after("mute", "started"), makeWorkload("mute"), after("job", "completed"), job]);
    await stage.clock.advance(100);
    expect(stage.phases()).toMatchObject({ "mute-1": "starting", "after-started-1": "starting" });
    expect(stage.phases()).toMatchObject({ "job-1": "ready", "after-completed-1": "waiting" });
    await stage.end("job-1", 1);
    expect(stage.phases()).toMatchObject({ "after-completed-1": "waiting" });
    await stage.clock.advance(1100);
    await stage.end("job-1", 0);
    await stage.clock.advance(100);
    expect(stage.phases()).toMatchObject({ "job-1": "exited", "after-completed-1": "starting" });
  });

  it("tells states, lines, problems and who is ready, in order", async () => {
    const stage = setUp();
    stage.listening.add("a-1");
    stage.supervisor.apply([makeWorkload("a")]);
    await stage.clock.advance(10);
    expect(
      stage.events.map((event) =>
        event.type === "state" ? event.state.phase : event.type === "line" ? event.line : event.type,
      ),
    ).toEqual(["starting", "a-1 says hello", "starting", "ready", "ready"]);
    await stage.end("a-1", 7);
    expect(stage.supervisor.ready().size).toBe(0);
    expect(problemsOf(stage)).toEqual(["MD4003 a-1 ended with exit code 7: a-1 says hello"]);
    expect(await stage.supervisor.settled()).toEqual({
      kind: "failed",
      workload: "a-1",
      reason: "it ended with exit code 7",
    });
    stage.listening.add("a-1");
    await stage.clock.advance(1100);
    expect(stage.phases()).toEqual({ "a-1": "ready" });
    expect(problemsOf(stage)).toEqual([]);
    expect(stage.supervisor.states().get("a-1")?.restarts).toBe(1);
  });

  it("a program that never listens is a problem after a minute", async () => {
    const stage = setUp();
    stage.supervisor.apply([makeWorkload("mute"), makeWorkload("after", needs("mute"))]);
    await stage.clock.advance(59_000);
    expect(stage.phases()).toEqual({ "mute-1": "starting", "after-1": "waiting" });
    await stage.clock.advance(2000);
    expect(stage.phases()).toEqual({ "mute-1": "unready", "after-1": "waiting" });
    expect(problemsOf(stage)).toEqual(["MD4002 mute-1 never listened on 8080"]);
    expect(await stage.supervisor.settled()).toEqual({ kind: "timeout", workload: "mute-1", reason: "never listened" });
  });

  it("a program that cannot start, and needs that can never be met, fail at once and never hang", async () => {
    const stage = setUp();
    stage.broken.add("bad-1");
    stage.listening.add("fine-1");
    stage.supervisor.apply([
      makeWorkload("bad"),
      makeWorkload("a", needs("b")),
      makeWorkload("b", needs("a")),
      makeWorkload("lost", needs("nothing")),
      makeWorkload("self", needs("self")),
      makeWorkload("fine"),
    ]);
    await stage.clock.advance(100);
    expect(stage.phases()).toEqual({
      "bad-1": "failed",
      "a-1": "failed",
      "b-1": "failed",
      "lost-1": "failed",
      "self-1": "failed",
      "fine-1": "ready",
    });
    expect(problemsOf(stage).toSorted()).toEqual([
      "MD4001 bad-1 cannot start: bad-1 was not found (look again)",
      "MD4004 a-1 cannot start: needs form a circle: a → b → a",
      "MD4004 b-1 cannot start: needs form a circle: b → a → b",
      "MD4004 lost-1 cannot start: it needs nothing, which does not exist",
      "MD4004 self-1 cannot start: needs form a circle: self → self",
    ]);
    stage.broken.clear();
    stage.listening.add("bad-1");
    expect(stage.supervisor.start("bad")).toBe(true);
    await stage.clock.advance(100);
    expect(stage.phases()["bad-1"]).toBe("ready");
    await Promise.all([stage.supervisor.close(), stage.clock.advance(100)]);
  });

  it("applies changes: new ones start, removed ones stop, changed ones restart, the rest is left alone", async () => {
    const stage = setUp();
    for (const id of ["kept-1", "changed-1", "gone-1", "new-1"]) stage.listening.add(id);
    stage.supervisor.apply([
      makeWorkload("kept"),
      changed(["one"]),
      makeWorkload("gone"),
      makeWorkload("leased", { program: undefined }),
    ]);
    await stage.clock.advance(100);
    stage.log.length = 0;
    stage.supervisor.apply([
      makeWorkload("kept", { labels: { app: "kept", version: "v2" } }),
      changed(["two"]),
      makeWorkload("new"),
    ]);
    await stage.clock.advance(100);
    stage.listening.add("changed-1");
    await stage.clock.advance(100);
    expect(stage.log.toSorted()).toEqual(["start changed-1", "start new-1", "stop changed-1", "stop gone-1"]);
    expect(stage.phases()).toEqual({ "kept-1": "ready", "changed-1": "ready", "new-1": "ready" });
  });

  it("stop, start and restart by key or id", async () => {
    const stage = setUp();
    stage.listening.add("a-1");
    stage.supervisor.apply([makeWorkload("a")]);
    await stage.clock.advance(100);
    expect([stage.supervisor.stop("a"), stage.supervisor.stop("nobody")]).toEqual([true, false]);
    await stage.clock.advance(100);
    expect(stage.phases()).toEqual({ "a-1": "stopped" });
    stage.supervisor.start("a-1");
    await stage.clock.advance(100);
    stage.supervisor.restart("a");
    await stage.clock.advance(100);
    expect(stage.log).toEqual(["start a-1", "stop a-1", "start a-1", "stop a-1", "start a-1"]);
  });

  it("a job counts as ready and, when it ended well, as done", async () => {
    const stage = setUp();
    stage.supervisor.apply([
      makeWorkload("job", { program: { ready: { kind: "spawn" } } }),
      makeWorkload("portless", { ports: [] }),
    ]);
    await stage.clock.advance(100);
    expect(await stage.supervisor.settled()).toEqual({ kind: "ready" });
    await stage.end("job-1", 0);
    await stage.clock.advance(60_000);
    expect(stage.phases()).toEqual({ "job-1": "exited", "portless-1": "ready" });
    expect(await stage.supervisor.settled()).toEqual({ kind: "ready" });
  });
});

describe("needs", () => {
  it("every workload of a needed service counts; circles are found from each member only", () => {
    const all = [
      makeWorkload("a", needs("b")),
      makeWorkload("b", needs("c")),
      makeWorkload("c", needs("b")),
      makeWorkload("d", needs("a")),
    ];
    expect([...findDoomed(all).keys()]).toEqual(["b-1", "c-1"]);
  });

  it("those that are needed stop last, also where needs form a circle", () => {
    const all = [
      makeWorkload("db"),
      makeWorkload("api", needs("db")),
      makeWorkload("web", needs("api", "db")),
      makeWorkload("x", needs("y")),
      makeWorkload("y", needs("x")),
    ];
    const order = stopOrder(all).flat();
    expect(order.toSorted()).toEqual(["api-1", "db-1", "web-1", "x-1", "y-1"]);
    expect(order.indexOf("web-1")).toBeLessThan(order.indexOf("api-1"));
    expect(order.indexOf("api-1")).toBeLessThan(order.indexOf("db-1"));
  });
});
