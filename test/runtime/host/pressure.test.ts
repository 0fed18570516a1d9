import { describe, expect, it } from "vitest";
import { machinePace, paceOf } from "../../../runtime/host/pressure.ts";

describe("the pace that others keep", () => {
  it.each([
    [0, 0, 1],
    [0.4, 0, 0.6],
    [0.97, 0, 0.1],
    [0, 0.1, 0.6],
    [0, 0.5, 0.05],
    [1, 1, 0.05],
    [-3, 0, 1],
  ])("waiting for processors %d and for disks %d of the time: %d", (cpu, io, pace) => {
    expect(paceOf(cpu, io)).toBeCloseTo(pace);
  });

  it("is known on every machine", () => {
    expect(machinePace()).toBeGreaterThanOrEqual(0.05);
    expect(machinePace()).toBeLessThanOrEqual(1);
  });
});
