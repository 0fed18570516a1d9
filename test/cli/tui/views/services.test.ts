import { describe, expect, it } from "vitest";
import type { MeshEvent } from "../../../../runtime/model/event.ts";
import { latencyBucket } from "../../../../runtime/model/latency.ts";
import type { MeshState, TrafficCounts, WorkloadView } from "../../../../runtime/model/state.ts";
import { meshState, startedAt } from "../../support/synthetic.ts";
import { play, stage } from "../../support/stage.ts";

const begin = Date.parse(startedAt);

function stamp(second: number) {
  return { id: `e-${second}`, at: new Date(begin + second * 1000).toISOString(), generation: 14 };
}

function counted(second: number, counts: Partial<TrafficCounts>): MeshEvent {
  const [, backend] = meshState().workloads;
  if (backend === undefined) throw new Error("the fixture has a backend");
  return { type: "traffic.counted", ...stamp(second), counts: { "backend-1": { ...backend.traffic, ...counts } } };
}

function withBackend(change: Partial<WorkloadView>): MeshState {
  const state = meshState();
  return {
    ...state,
    workloads: state.workloads.map((workload) => (workload.id === "backend-1" ? { ...workload, ...change } : workload)),
  };
}

/** The row of the backend, as cells by title; columns are right-aligned or begin under their title. */
function backendRow(screen: string): string {
  return screen.split("\n").find((line) => line.includes("backend-1")) ?? "";
}

describe("the services view", () => {
  it("has rates, success, slowness, CPU and the time that a certificate has left", () => {
    let now = begin;
    const { feed, show, type } = stage({ columns: 130, rows: 40 }, { now: () => now });
    play(feed, []);
    const [, backend] = meshState().workloads;
    const usage = (cpuSeconds: number) => ({ "backend-1": { rssBytes: 50 * 1_048_576, cpuSeconds } });
    const requests = backend?.traffic.requests ?? 0;
    for (const event of [
      { type: "usage.measured", ...stamp(2), usage: usage(1) },
      { type: "usage.measured", ...stamp(4), usage: usage(1.5) },
      counted(5, { requests: requests + 100, errors: 2, latency: { [latencyBucket(1)]: 98, [latencyBucket(80)]: 2 } }),
    ] satisfies readonly MeshEvent[])
      feed.apply({ ...event, seq: 1 });
    now = begin + 10_000;
    type("1");
    expect(show().split("\n")[2]).toMatch(
      /NAME +STATE +REQ\/S +OK % +P99 +DENIED +TLS-FAIL +MTLS +CERT +CPU +RSS +RST/,
    );
    expect(backendRow(show())).toMatch(/ready +10\.0 +98\.0 +7\d\.\d ms +12 +7 +STRICT +23h59m +25 % +50 MB/);
    type("j");
    expect(show()).toContain("last minute: p50 1.0 ms");
    expect(show()).toContain("25.0 % of a core now");
  });

  it("draws nothing that was not measured", () => {
    const { feed, show, type } = stage({ columns: 130, rows: 40 });
    play(feed, []);
    type("1");
    expect(backendRow(show())).toMatch(/ready +- +- +- +12 /);
    expect(show()).toContain("no HTTP request in the last minute");
  });

  it("counts down to the next start of a program that crashed", () => {
    const { feed, show, type } = stage({ columns: 100, rows: 40 });
    const restartAt = new Date(begin + 9_000).toISOString();
    const state = { phase: "exited", code: 1, signal: null, restartAt, lastLines: ["boom"] } as const;
    play(feed, [], withBackend({ state, restarts: 3 }));
    type("1", "j");
    expect(show()).toContain("3 so far, next in 9s; R restarts it now");
  });

  it("warns of a certificate that was not replaced in time", () => {
    const { feed, type, controller } = stage(
      { columns: 130, rows: 40 },
      { color: true, now: () => begin + 83_000_000 },
    );
    play(feed, []);
    type("1");
    const row = controller.draw({ columns: 130, rows: 40 }).lines.find((line) => line.includes("backend-1"));
    expect(row).toContain("\u001b[33m    56m");
  });
});
