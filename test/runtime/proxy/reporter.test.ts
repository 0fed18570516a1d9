import { expect, test } from "vitest";
import type { FromDataPlane } from "../../../runtime/model/dataplane.ts";
import type { ConnectionRecord } from "../../../runtime/proxy/record.ts";
import { createReporter } from "../../../runtime/proxy/reporter.ts";
import { noTraffic } from "../../../runtime/store/initial-state.ts";

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

function setUp(backlog = 0) {
  let now = 0;
  const timers = new Set<Timer>();
  const sent: FromDataPlane[] = [];
  const clock = {
    now: () => now,
    monotonic: () => now,
    after: (ms: number, task: () => void) => {
      const timer = { at: now + ms, task };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
  };
  const reporter = createReporter({
    clock,
    send: (message) => sent.push(message),
    backlog: () => backlog,
    run: "x-",
    originalOf: () => undefined,
  });
  return {
    reporter,
    sent,
    pass: (ms: number) => {
      now += ms;
      for (const timer of timers) {
        if (timer.at > now) continue;
        timers.delete(timer);
        timer.task();
      }
    },
    told: () => sent.flatMap((message) => (message.type === "events" ? message.events : [])).length,
    dropped: () => sent.reduce((sum, message) => sum + (message.type === "events" ? message.dropped : 0), 0),
  };
}

const party = { workload: null, address: "192.0.2.1:1", spiffe: null };

function record(flags: string): ConnectionRecord {
  return {
    kind: "connection",
    id: "c-1",
    at: 0,
    generation: 1,
    proxy: "p",
    side: "inbound",
    from: party,
    to: party,
    flags,
    details: "-",
    handshake: null,
    sni: null,
    cluster: null,
    endpoint: null,
    ms: 0,
    bytesIn: 0,
    bytesOut: 0,
    decision: undefined,
  };
}

test("unobserved, things are kept and told only when somebody asks", () => {
  const { reporter, told, pass, sent } = setUp();
  for (let i = 0; i < 5000; i += 1) reporter.add(record("-"));
  pass(1000);
  expect(told()).toBe(0);
  reporter.replay(3);
  expect(told()).toBe(4096);
  expect(sent.at(-1)).toEqual({ type: "replayed", token: 3 });
});

test("above the rate ordinary events are dropped and counted, failures never", () => {
  const { reporter, told, dropped, pass } = setUp();
  reporter.observe(10, false);
  for (let i = 0; i < 100; i += 1) {
    reporter.add(record("-"));
    reporter.add(record("NR"));
  }
  pass(25);
  expect([told(), dropped()]).toEqual([110, 90]);
  pass(1000);
  reporter.add(record("-"));
  pass(25);
  expect([told(), dropped()]).toEqual([111, 90]);
});

test("a reader that has fallen far behind gets failures only", () => {
  const { reporter, told, pass } = setUp(64 * 1024 * 1024);
  reporter.observe(1000, false);
  reporter.add(record("-"));
  reporter.add(record("NR"));
  pass(25);
  expect(told()).toBe(1);
});

test("nothing is told twice when a replay comes while something waits", () => {
  const { reporter, told, pass } = setUp();
  reporter.observe(100, false);
  reporter.add(record("-"));
  reporter.replay(1);
  pass(25);
  expect(told()).toBe(1);
});

test("counts are sent once a second, only while they change", () => {
  const { reporter, sent, pass } = setUp();
  reporter.counts("p").requests += 1;
  reporter.add(record("-"));
  pass(1000);
  pass(1000);
  pass(1000);
  expect(sent.filter(({ type }) => type === "counts")).toEqual([
    { type: "counts", counts: { p: { ...noTraffic, requests: 1 } } },
  ]);
});

test("a long replay is told in slices, live records behind it, each once and in order", () => {
  let now = 0;
  const timers: (() => void)[] = [];
  const sent: FromDataPlane[] = [];
  // Time passes with every look at the clock: words are slow.
  const clock = {
    now: () => now,
    monotonic: () => (now += 1),
    after: (_ms: number, task: () => void) => {
      timers.push(task);
      return () => {
        timers.splice(timers.indexOf(task), 1);
      };
    },
  };
  const reporter = createReporter({
    clock,
    send: (message) => sent.push(message),
    backlog: () => 0,
    run: "x-",
    originalOf: () => undefined,
  });
  const named = (id: string): ConnectionRecord => ({ ...record("NR"), id });
  for (let i = 0; i < 200; i += 1) reporter.add(named(`old-${i}`));
  reporter.observe(1000, false);
  reporter.replay(1);
  reporter.add(named("live"));
  const tellings = (): readonly string[] =>
    sent.flatMap((message) =>
      message.type === "events"
        ? message.events.map((event) => event.id)
        : message.type === "replayed"
          ? ["replayed"]
          : [],
    );
  expect(tellings().length).toBeLessThan(50);
  for (let task = timers.shift(); task !== undefined && tellings().length < 202; task = timers.shift()) task();
  expect(tellings()).toEqual([...Array.from({ length: 200 }, (_, i) => `old-${i}`), "replayed", "live"]);
});
