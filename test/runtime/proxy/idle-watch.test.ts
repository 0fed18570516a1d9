import { Socket } from "node:net";
import { expect, test } from "vitest";
import { watchIdle } from "../../../runtime/proxy/idle-watch.ts";

/** A clock whose tasks are run by hand, and a socket that says how much has passed. */
function createStage() {
  const tasks: { readonly ms: number; readonly task: () => void; cancelled: boolean }[] = [];
  const socket = new Socket();
  let passed = 0;
  Object.defineProperty(socket, "bytesRead", { get: () => passed });
  Object.defineProperty(socket, "bytesWritten", { get: () => 0 });
  return {
    socket,
    clock: {
      now: () => 0,
      monotonic: () => 0,
      after: (ms: number, task: () => void) => {
        const own = { ms, task, cancelled: false };
        tasks.push(own);
        return () => {
          own.cancelled = true;
        };
      },
    },
    say: () => {
      passed += 1;
    },
    /** Lets the time pass until the next look; tells how long that took. */
    look: () => {
      const next = tasks.shift();
      if (next === undefined || next.cancelled) return 0;
      next.task();
      return next.ms;
    },
  };
}

test("silence for the whole time ends it, and no earlier", () => {
  const stage = createStage();
  let idle = 0;
  watchIdle(stage.socket, stage.clock, 4000, () => (idle += 1));
  let waited = 0;
  while (idle === 0) waited += stage.look();
  expect(waited).toBeGreaterThanOrEqual(4000);
  expect(waited).toBeLessThanOrEqual(5000);
  expect(stage.look()).toBe(0);
});

test("a byte now and then keeps it", () => {
  const stage = createStage();
  let idle = 0;
  watchIdle(stage.socket, stage.clock, 4000, () => (idle += 1));
  for (let i = 0; i < 40; i += 1) {
    if (i % 3 === 0) stage.say();
    stage.look();
  }
  expect(idle).toBe(0);
});

test("it can be stopped", () => {
  const stage = createStage();
  let idle = 0;
  const stop = watchIdle(stage.socket, stage.clock, 4000, () => (idle += 1));
  stage.look();
  stop();
  for (let i = 0; i < 10; i += 1) stage.look();
  expect(idle).toBe(0);
});
