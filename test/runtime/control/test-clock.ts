import type { Clock } from "../../../runtime/core/clock.ts";

export interface TestClock extends Clock {
  /** Moves time and runs what is due, in order. */
  readonly advance: (ms: number) => void;
  /** Moves time while nothing runs, as on a machine that has no time for us; what is due runs, late, with the next `advance`. */
  readonly skip: (ms: number) => void;
  /** How many tasks wait. */
  readonly pending: () => number;
}

export function createTestClock(start = 1_767_225_600_000): TestClock {
  let elapsed = 0;
  const tasks = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    after: (ms, run) => {
      const task = { at: elapsed + ms, run };
      tasks.add(task);
      return () => tasks.delete(task);
    },
    advance: (ms) => {
      const end = elapsed + ms;
      for (;;) {
        const due = [...tasks].filter((task) => task.at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        tasks.delete(due);
        elapsed = Math.max(elapsed, due.at);
        due.run();
      }
      elapsed = end;
    },
    skip: (ms) => {
      elapsed += ms;
    },
    pending: () => tasks.size,
  };
}
