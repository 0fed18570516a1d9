import { describe, expect, it } from "vitest";
import type { MeshEvent } from "../../../runtime/model/event.ts";
import { latencyBucket } from "../../../runtime/model/latency.ts";
import type { TrafficCounts } from "../../../runtime/model/state.ts";
import { initialState, noTraffic } from "../../../runtime/store/initial-state.ts";
import { createRateKeeper } from "../../../runtime/store/rates.ts";

const start = Date.parse("2026-01-01T00:00:00.000Z");

function stamp(second: number) {
  return { id: `e-${second}`, at: new Date(start + second * 1000).toISOString(), generation: 1 };
}

function counted(second: number, counts: Partial<TrafficCounts>): MeshEvent {
  return { type: "traffic.counted", ...stamp(second), counts: { "backend-1": { ...noTraffic, ...counts } } };
}

function measured(second: number, cpuSeconds: number): MeshEvent {
  return { type: "usage.measured", ...stamp(second), usage: { "backend-1": { rssBytes: 1, cpuSeconds } } };
}

function hear(...events: readonly MeshEvent[]) {
  const keeper = createRateKeeper();
  keeper.begin(initialState({ mesh: "demo", directory: "/", startedAt: stamp(0).at, capture: "" }), start);
  for (const event of events) keeper.hear(event);
  return (second: number) => keeper.of("backend-1", start + second * 1000);
}

describe("rates", () => {
  it("are unknown before anything was counted", () => {
    expect(hear()(5)).toEqual({
      perSecond: undefined,
      success: undefined,
      p50: undefined,
      p99: undefined,
      cpu: undefined,
    });
  });

  it("are what the totals grew by in the last ten seconds", () => {
    const at = hear(...Array.from({ length: 30 }, (_, second) => counted(second, { requests: second * 7 })));
    expect(at(29).perSecond).toBeCloseTo(7, 5);
    expect(at(39).perSecond).toBe(0);
  });

  it("count what came in one burst once, until it is ten seconds old", () => {
    const at = hear(counted(0, { requests: 100 }), counted(50, { requests: 200 }));
    expect(at(55).perSecond).toBe(10);
    expect(at(61).perSecond).toBe(0);
  });

  it("tell success and slowness of the last minute, not of what was before", () => {
    const slow = latencyBucket(900);
    const quick = latencyBucket(1);
    const at = hear(
      counted(0, { errors: 50, latency: { [slow]: 50 } }),
      counted(100, { errors: 51, latency: { [slow]: 50, [quick]: 100 } }),
    );
    expect(at(101).success).toBeCloseTo(0.99, 5);
    expect(at(101).p99).toBeCloseTo(1, 0);
    expect(at(300)).toMatchObject({ success: undefined, p99: undefined });
  });

  it("tell the processor time between two measurements, and nothing of a program that began anew", () => {
    expect(hear(measured(2, 1), measured(4, 1.5))(5).cpu).toBeCloseTo(0.25, 5);
    expect(hear(measured(2, 9), measured(4, 0.1))(5).cpu).toBeUndefined();
  });
});
