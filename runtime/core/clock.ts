/** The only source of time for code outside `host/`; tests pass one they control. */
export interface Clock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds on a clock that never goes back, for durations. */
  readonly monotonic: () => number;
  /** Runs `task` after `ms` milliseconds; the returned function cancels it. Never keeps the process alive. */
  readonly after: (ms: number, task: () => void) => () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
