import { describe, expect, it } from "vitest";
import { exchange, meshState, party } from "../../support/synthetic.ts";
import { play, stage } from "../../support/stage.ts";

const place = {
  resource: "VirtualService default/backend",
  file: "mesh/traffic.yaml",
  line: 12,
  column: 5,
  field: "spec.http[0]",
};

describe("the traffic view", () => {
  it("shows one row for both reports of a call, and the caller's side in the detail", () => {
    const { feed, show, type } = stage({ columns: 100, rows: 60 });
    const call = exchange(1, {
      id: "r-out",
      proxy: "frontend-1",
      side: "outbound",
      to: party("backend", 8080),
      requestId: "q-1",
      decision: null,
      route: "retries",
      routeAt: place,
      attempts: 2,
    });
    play(feed, [call, exchange(2, { requestId: "q-1" }), exchange(3, { requestId: "q-2" })]);
    type("k", "return");
    expect(show()).toContain("seen by the sidecar of frontend-1");
    expect(show()).toContain("route retries mesh/traffic.yaml:12:5");
    expect(show()).toContain("2 attempts");
    type("escape", "j", "return");
    expect(show()).not.toContain("seen by the sidecar of");
  });

  it("says how much of a flood it shows, and that nothing goes uncounted", () => {
    let now = Date.parse(meshState().startedAt);
    const { feed, show } = stage({ columns: 140, rows: 30 }, { now: () => now });
    play(feed, []);
    for (let second = 0; second < 6; second++) {
      for (let shown = 0; shown < 10; shown++) feed.apply({ ...exchange(second * 10 + shown), seq: 1 });
      feed.apply({ type: "events.dropped", count: 8_390, seq: 1 });
      now += 1_000;
    }
    expect(show()).toContain("showing 1 in 840 of 8 400/s; all are counted");
    now += 60_000;
    expect(show()).toContain("50 340 not shown");
  });

  it("keeps a hundred thousand rows, and the one under the cursor while more come", () => {
    const { feed, show, type } = stage({ columns: 140, rows: 30 });
    play(feed, []);
    for (let number = 0; number < 100_200; number++)
      feed.apply({ ...exchange(number, { path: `/items/${number}` }), seq: 1 });
    expect(feed.traffic.end() - feed.traffic.first()).toBe(100_000);
    type("g");
    expect(show()).toMatch(/▶ .*\/items\/200 /);
    type("G", "k");
    for (let number = 0; number < 500; number++) feed.apply({ ...exchange(200_000 + number), seq: 1 });
    expect(show()).toMatch(/▶ .*\/items\/100198 /);
  });
});
