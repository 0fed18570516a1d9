import { describe, expect, it } from "vitest";
import { createGenerations, type GenerationReport } from "../../../runtime/control/generations.ts";
import { createTestClock } from "./test-clock.ts";

function setup() {
  const clock = createTestClock();
  const reports: GenerationReport[] = [];
  const generations = createGenerations(clock, (report) => reports.push(report));
  return { clock, reports, generations };
}

const both = ["a", "b"];

describe("generations", () => {
  it("is live when every proxy that was sent something has acknowledged", () => {
    const { clock, reports, generations } = setup();
    generations.begin({ generation: 1, since: undefined, proxies: both, pushed: both });
    generations.ack("a", 1);
    expect(generations.isLive()).toBe(false);
    expect(reports).toEqual([]);
    clock.advance(20);
    generations.ack("b", 1);
    expect(generations.isLive()).toBe(true);
    expect(reports).toMatchObject([{ generation: 1, live: 2, total: 2, ms: null, waiting: [] }]);
  });

  it("counts from the change to the last ACK", () => {
    const { clock, reports, generations } = setup();
    generations.begin({ generation: 1, since: undefined, proxies: both, pushed: both });
    for (const proxy of both) generations.ack(proxy, 1);
    clock.advance(1_000);
    const saved = clock.monotonic();
    clock.advance(5);
    generations.begin({ generation: 2, since: saved, proxies: both, pushed: ["b"] });
    clock.advance(16);
    generations.ack("b", 2);
    expect(reports.at(-1)).toMatchObject({ generation: 2, ms: 21, live: 2 });
  });

  it("an unchanged proxy needs no ACK, one that still waits does", () => {
    const { reports, generations } = setup();
    generations.begin({ generation: 1, since: undefined, proxies: both, pushed: both });
    generations.ack("a", 1);
    generations.begin({ generation: 2, since: 0, proxies: both, pushed: [] });
    expect(generations.isLive()).toBe(false);
    generations.ack("b", 1);
    expect(reports.at(-1)).toMatchObject({ generation: 2, live: 2 });
  });

  it("an ACK of an older generation is not one of the newer", () => {
    const { generations } = setup();
    generations.begin({ generation: 1, since: undefined, proxies: ["a"], pushed: ["a"] });
    generations.begin({ generation: 2, since: 0, proxies: ["a"], pushed: ["a"] });
    generations.ack("a", 1);
    expect(generations.isLive()).toBe(false);
    generations.ack("a", 2);
    expect(generations.isLive()).toBe(true);
  });

  it("names who is silent for two seconds, and reports again when they come", () => {
    const { clock, reports, generations } = setup();
    generations.begin({ generation: 3, since: 0, proxies: both, pushed: both });
    generations.ack("a", 3);
    clock.advance(1_999);
    expect(reports).toEqual([]);
    clock.advance(1);
    expect(reports).toMatchObject([{ live: 1, total: 2, waiting: ["b"], ms: null }]);
    generations.ack("b", 3);
    expect(reports).toHaveLength(2);
    expect(reports[1]).toMatchObject({ live: 2, waiting: [] });
  });

  it("names who refuses at once, with the reason, and forgets it with the next push", () => {
    const { reports, generations } = setup();
    generations.begin({ generation: 1, since: 0, proxies: both, pushed: both });
    generations.nack("b", 1, "port taken");
    expect(reports.at(-1)).toMatchObject({ waiting: ["a", "b"] });
    expect(reports.at(-1)?.refusals.get("b")).toBe("port taken");
    generations.ack("a", 1);
    generations.begin({ generation: 2, since: 0, proxies: both, pushed: ["b"] });
    generations.ack("b", 2);
    expect(reports.at(-1)).toMatchObject({ generation: 2, live: 2, waiting: [] });
    expect(reports.at(-1)?.refusals.size).toBe(0);
  });

  it("endpoints under the same generation are no news, another set of proxies is", () => {
    const { reports, generations } = setup();
    generations.begin({ generation: 1, since: 0, proxies: both, pushed: both });
    for (const proxy of both) generations.ack(proxy, 1);
    const before = reports.length;
    generations.push(both, ["a"]);
    expect(generations.isLive()).toBe(false);
    generations.ack("a", 1);
    expect(reports).toHaveLength(before);
    generations.push([...both, "c"], ["c"]);
    generations.ack("c", 1);
    expect(reports.at(-1)).toMatchObject({ live: 3, total: 3 });
    generations.push(["a"], []);
    expect(reports.at(-1)).toMatchObject({ live: 1, total: 1 });
  });

  it("lets somebody wait until everything is live", async () => {
    const { generations } = setup();
    generations.begin({ generation: 1, since: 0, proxies: ["a"], pushed: ["a"] });
    let live = false;
    const waiting = generations.whenLive().then(() => (live = true));
    await Promise.resolve();
    expect(live).toBe(false);
    generations.ack("a", 1);
    await waiting;
    await generations.whenLive();
    generations.ack("unknown", 1);
    generations.close();
  });
});
