import { describe, expect, it } from "vitest";
import { createLoopWatch, mostInAWhile, mostSoon } from "../../../runtime/workload/restart-loop.ts";

/** How often a program is restarted that writes these files `delay` ms after each start. */
function restarts(paths: readonly string[], delay: number): number {
  const watch = createLoopWatch();
  for (let count = 0, at = 0; count < 100; count += 1) {
    const startedAt = at;
    at += delay;
    if (!watch.judge({ paths, at, startedAt })) return count;
  }
  return 100;
}

describe("a program that changes its own files", () => {
  it("is restarted a few times", () => {
    expect(restarts(["gen.txt"], 50)).toBe(mostSoon);
    expect(restarts(["a", "b"], 2_900)).toBe(mostSoon);
  });

  it("is noticed when it writes late", () => {
    expect(restarts(["gen.txt"], 5_000)).toBe(mostInAWhile);
  });

  it("keeps its other files watched, and all after it is forgiven", () => {
    const watch = createLoopWatch();
    for (let at = 0; at < 1_000; at += 100) watch.judge({ paths: ["gen"], at, startedAt: at - 50 });
    expect(watch.paused()).toEqual(["gen"]);
    expect(watch.judge({ paths: ["gen"], at: 2_000, startedAt: 0 })).toBe(false);
    expect(watch.judge({ paths: ["gen", "main.ts"], at: 2_000, startedAt: 0 })).toBe(true);
    watch.forgive();
    expect(watch.paused()).toEqual([]);
    expect(watch.judge({ paths: ["gen"], at: 2_100, startedAt: 0 })).toBe(true);
  });
});

describe("a person who saves", () => {
  it("may do so all day, and a few times in haste", () => {
    const watch = createLoopWatch();
    for (let at = 0; at < 36_000_000; at += 20_000) {
      for (const haste of [0, 900, 1_800, 2_700]) {
        const startedAt = haste === 0 ? at - 20_000 : at + haste - 900;
        expect(watch.judge({ paths: ["main.ts"], at: at + haste, startedAt: startedAt })).toBe(at + haste >= 0);
      }
      // Between such bursts another file is worked at.
      if (at % 80_000 === 0) watch.forgive();
    }
  });
});
