import { describe, expect, it } from "vitest";
import { createPace } from "../../../cli/tui/pace.ts";

describe("the pace of details", () => {
  it("is of no interest while nothing is left out", () => {
    const pace = createPace();
    for (let ms = 0; ms < 5_000; ms += 10) pace.shown(ms);
    expect(pace.sampling(5_000)).toBeUndefined();
  });

  it("says one in how many is shown, of how many per second, from whole seconds alone", () => {
    const pace = createPace();
    for (let second = 0; second < 20; second++) {
      for (let shown = 0; shown < 500; shown++) pace.shown(second * 1000 + shown);
      pace.dropped(4_500, second * 1000 + 900);
    }
    pace.shown(20_001);
    expect(pace.sampling(20_002)).toEqual({ oneIn: 10, perSecond: 5_000 });
    expect(pace.total()).toBe(90_000);
  });

  it("is forgotten once everything is shown again", () => {
    const pace = createPace();
    pace.dropped(100, 0);
    expect(pace.sampling(1_000)).toBeDefined();
    expect(pace.sampling(10_000)).toBeUndefined();
    expect(pace.total()).toBe(100);
  });
});
