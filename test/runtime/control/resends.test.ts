import { expect, it } from "vitest";
import { parseCommand } from "../../../runtime/control/command-parse.ts";
import { createResends } from "../../../runtime/control/resends.ts";
import type { ToDataPlane } from "../../../runtime/model/dataplane.ts";
import { createTestClock } from "./test-clock.ts";

it("a replay is asked for once and answered to whoever asked, or given up", async () => {
  const clock = createTestClock();
  const sent: ToDataPlane[] = [];
  let isThere = true;
  const resends = createResends(clock, (message) => {
    if (isThere) sent.push(message);
    return isThere;
  });
  const first = resends.resend("r-1");
  const second = resends.resend("r-2");
  expect(sent).toEqual([
    { type: "resend", token: 1, id: "r-1" },
    { type: "resend", token: 2, id: "r-2" },
  ]);
  resends.hear({ type: "resent", token: 2, outcome: { ok: true, requestId: "x", status: 200 } });
  expect(await second).toEqual({ ok: true, requestId: "x", status: 200 });
  clock.advance(35_000);
  expect(await first).toEqual({ ok: false, reason: "the data plane did not answer" });
  isThere = false;
  expect(await resends.resend("r-3")).toMatchObject({ ok: false, reason: expect.stringContaining("restarted") });
});

it("the command names the event", () => {
  expect(parseCommand('{"type":"exchange.replay","id":"r-1"}')).toEqual({ type: "exchange.replay", id: "r-1" });
  expect(parseCommand('{"type":"exchange.replay"}')).toHaveProperty("error");
});
