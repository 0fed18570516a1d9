import { describe, expect, it } from "vitest";
import {
  createLifecycle,
  pauseAfter,
  readyTimeoutMs,
  step,
  type Lifecycle,
  type Signal,
} from "../../../runtime/workload/lifecycle.ts";

const exited = (code: number | null, signal: string | null = null): Signal => ({
  type: "exited",
  code,
  signal,
  lastLines: ["boom"],
  now: 0,
});
const start: Signal = { type: "start" };
const stop: Signal = { type: "stop" };
const ok: Signal = { type: "probed", ok: true, reason: "" };
const no: Signal = { type: "probed", ok: false, reason: "port 8080 does not accept" };
const spawned = (pid: number): Signal => ({ type: "spawned", pid });

/** Signals in; phases and effects out, one line per signal. */
function play(
  signals: readonly Signal[],
  job = false,
): { readonly lines: readonly string[]; readonly life: Lifecycle } {
  let life = createLifecycle(job);
  const lines = signals.map((signal) => {
    const [next, effects] = step(life, signal);
    life = next;
    const told = effects
      .map((effect) =>
        "timer" in effect ? `${effect.type}:${effect.timer}${"ms" in effect ? `:${effect.ms}` : ""}` : effect.type,
      )
      .filter((effect) => !effect.startsWith("timer.clear"));
    return [life.state.phase, ...told].join(" ");
  });
  return { lines, life };
}

describe("the life of a program", () => {
  it("starts, becomes ready, stops", () => {
    expect(play([start, spawned(7), no, ok, ok, stop, stop, exited(0)]).lines).toEqual([
      "starting spawn",
      `starting probe.begin timer.set:ready:${readyTimeoutMs}`,
      "starting",
      "ready timer.set:healthy:10000",
      "ready",
      "stopping probe.end terminate",
      "stopping",
      "stopped probe.end",
    ]);
  });

  it("waits for what it needs, and starts when that is ready", () => {
    const { lines } = play([
      { type: "blocked", by: ["db"] },
      start,
      { type: "blocked", by: ["db", "mq"] },
      { type: "blocked", by: [] },
      { type: "blocked", by: ["db"] },
    ]);
    expect(lines).toEqual(["stopped", "waiting", "waiting", "starting spawn", "starting"]);
    expect(play([{ type: "blocked", by: ["db"] }, start, stop, { type: "blocked", by: [] }]).lines.at(-1)).toBe(
      "stopped",
    );
  });

  it("crashes: each pause is twice the last, at most 30 s; ten good seconds forget it", () => {
    const crash: readonly Signal[] = [spawned(1), exited(1)];
    const again: Signal = { type: "timer", timer: "restart" };
    const { lines, life } = play([
      start,
      ...crash,
      again,
      ...crash,
      again,
      ...crash,
      again,
      spawned(2),
      ok,
      { type: "timer", timer: "healthy" },
      exited(null, "SIGSEGV"),
    ]);
    expect(lines.filter((line) => line.startsWith("exited"))).toEqual([
      "exited probe.end timer.set:restart:1000",
      "exited probe.end timer.set:restart:2000",
      "exited probe.end timer.set:restart:4000",
      "exited probe.end timer.set:restart:1000",
    ]);
    expect(life).toMatchObject({
      restarts: 3,
      state: { phase: "exited", signal: "SIGSEGV", lastLines: ["boom"], restartAt: "1970-01-01T00:00:01.000Z" },
    });
    expect([1, 5, 6, 7, 1000].map(pauseAfter)).toEqual([1000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("never listens: unready after a minute, still watched, ready when it listens after all", () => {
    const { lines, life } = play([start, spawned(1), no, { type: "timer", timer: "ready" }, no]);
    expect(lines.at(-1)).toBe("unready");
    expect(life.state).toEqual({ phase: "unready", pid: 1, reason: "never listened" });
    expect(step(life, ok)[0].state.phase).toBe("ready");
  });

  it("stops listening: unready, and ready again", () => {
    const { life, lines } = play([start, spawned(1), ok, no, { type: "probed", ok: false, reason: "another" }, ok]);
    expect(lines.slice(3)).toEqual(["unready", "unready", "ready timer.set:healthy:10000"]);
    expect(life.state).toEqual({ phase: "ready", pid: 1 });
  });

  it("a job is ready when it runs, done when it ends well, and tried again when it fails", () => {
    expect(play([start, spawned(1), exited(0)], true).lines).toEqual([
      "starting spawn",
      "ready timer.set:healthy:10000",
      "exited probe.end",
    ]);
    expect(play([start, spawned(1), exited(0)], true).life.state).toMatchObject({ restartAt: null });
    expect(play([start, spawned(1), exited(2)], true).lines.at(-1)).toContain("timer.set:restart");
    expect(play([start, spawned(1), exited(0)]).lines.at(-1)).toContain("timer.set:restart");
  });

  it.each([
    ["always", undefined, 0, "exited probe.end timer.set:restart:1000"],
    ["failure", undefined, 0, "exited probe.end"],
    ["failure", undefined, 1, "exited probe.end timer.set:restart:1000"],
    ["never", undefined, 1, "exited probe.end"],
    ["failure", 1, 1, "exited probe.end timer.set:restart:1000"],
    ["failure", 0, 1, "exited probe.end"],
  ] as const)("restart: %s, at most %s times: after code %i it is %s", (when, most, code, line) => {
    let life = createLifecycle(false, { when, ...(most === undefined ? {} : { most }) });
    for (const signal of [start, spawned(1), ok]) [life] = step(life, signal);
    const [next, effects] = step(life, exited(code));
    const told = effects.flatMap((effect) =>
      effect.type === "timer.set" ? `timer.set:${effect.timer}:${effect.ms}` : [],
    );
    expect([next.state.phase, "probe.end", ...told].join(" ")).toBe(line);
  });

  it("a change of its files starts it again, unless it was stopped", () => {
    const renew: Signal = { type: "renew" };
    expect(play([start, spawned(1), ok, renew, renew, exited(0)]).lines.slice(3)).toEqual([
      "stopping probe.end terminate",
      "stopping",
      "starting probe.end spawn",
    ]);
    expect(play([start, spawned(1), exited(1), renew]).lines.at(-1)).toBe("starting spawn");
    expect(play([start, spawned(1), exited(0), renew], true).lines.at(-1)).toBe("starting spawn");
    expect(play([start, spawned(1), stop, renew, exited(0), renew]).lines.slice(3)).toEqual([
      "stopping",
      "stopped probe.end",
      "stopped",
    ]);
  });

  it("restart ends the old one first; stop and start while it ends", () => {
    expect(play([start, spawned(1), ok, { type: "restart" }, exited(0)]).lines.slice(3)).toEqual([
      "stopping probe.end terminate",
      "starting probe.end spawn",
    ]);
    expect(play([start, spawned(1), stop, start, exited(0)]).lines.at(-1)).toBe("starting probe.end spawn");
    expect(play([start, spawned(1), { type: "restart" }, stop, exited(0)]).lines.at(-1)).toBe("stopped probe.end");
    expect(play([{ type: "restart" }]).lines).toEqual(["starting spawn"]);
    expect(play([start, spawned(1), exited(1), { type: "restart" }]).lines.at(-1)).toBe("starting spawn");
  });

  it("stopped while it starts: ended as soon as it runs; stopped in a pause: stays down", () => {
    expect(play([start, stop, spawned(5), exited(null, "SIGTERM")]).lines.slice(1)).toEqual([
      "stopping probe.end terminate",
      "stopping terminate",
      "stopped probe.end",
    ]);
    expect(play([start, spawned(1), exited(1), stop, { type: "timer", timer: "restart" }]).lines.slice(3)).toEqual([
      "stopped",
      "stopped",
    ]);
  });

  it("cannot start: says why, and may be tried again", () => {
    const { life } = play([start, { type: "spawn.failed", reason: "not found" }]);
    expect(life.state).toEqual({ phase: "failed", reason: "not found" });
    expect(step(life, start)[1]).toContainEqual({ type: "spawn" });
    expect(play([{ type: "doomed", reason: "a circle" }]).life.state).toEqual({ phase: "failed", reason: "a circle" });
    expect(play([start, spawned(1), { type: "doomed", reason: "a circle" }]).life.state.phase).toBe("starting");
  });

  it("late news change nothing", () => {
    for (const late of [
      spawned(9),
      ok,
      no,
      exited(1),
      { type: "timer", timer: "ready" },
      { type: "timer", timer: "healthy" },
      { type: "timer", timer: "restart" },
    ] satisfies readonly Signal[]) {
      expect(step(createLifecycle(false), late)).toEqual([createLifecycle(false), []]);
    }
  });
});
