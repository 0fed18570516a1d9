import { describe, expect, it } from "vitest";
import type { HandshakeEvent } from "../../../runtime/model/event.ts";
import { createEventRing, isRefusal } from "../../../runtime/store/ring.ts";
import { noView } from "../../../runtime/store/initial-state.ts";
import { connection, exchange, handshake, logged } from "./events.ts";

const small = { traffic: 3, refusals: 2, history: 2, logsPerWorkload: 2 };

describe("the rings", () => {
  it("forget the oldest, by id too", () => {
    const ring = createEventRing(small);
    const events = Array.from({ length: 5 }, () => exchange({ from: "a-1", to: "b-1" }));
    for (const event of events) ring.add(event);
    expect(ring.all()).toEqual(events.slice(2));
    expect(ring.find(events[1]?.id ?? "")).toBeUndefined();
    expect(ring.find(events[4]?.id ?? "")).toBe(events[4]);
  });

  it("a flood of allowed requests cannot push out a denial", () => {
    const ring = createEventRing(small);
    const denied = exchange({ from: "a-1", to: "b-1", verdict: "deny" });
    const refused = handshake({ from: null, to: "b-1", failed: "plaintext under STRICT" });
    ring.add(denied);
    ring.add(refused);
    for (let n = 0; n < 50; n++) ring.add(exchange({ from: "a-1", to: "b-1", verdict: "allow" }));
    expect(ring.find(denied.id)).toBe(denied);
    expect(ring.lastRefusal()).toBe(refused);
  });

  it("know the last refusal that an edit of policies may allow: plaintext under STRICT, but no bad certificate", () => {
    const ring = createEventRing({ ...small, refusals: 3 });
    const plaintext = handshake({ from: null, to: "b-1", failed: "plaintext under STRICT" });
    const broken: HandshakeEvent = {
      ...handshake({ from: null, to: "b-1", failed: "certificate has expired" }),
      failure: { step: "verify", alert: "certificate_expired", reason: "certificate has expired", because: [] },
    };
    ring.add(broken);
    expect([ring.lastRefusal(), ring.lastDenial()]).toEqual([broken, undefined]);
    ring.add(plaintext);
    ring.add({ ...broken, id: "h-later" });
    expect([ring.lastRefusal()?.id, ring.lastDenial()]).toEqual(["h-later", plaintext]);
  });

  it("keep the last lines of each workload apart", () => {
    const ring = createEventRing(small);
    for (const line of ["1", "2", "3"]) ring.add(logged("a-1", line));
    const other = logged("b-1", "x");
    ring.add(other);
    expect(ring.logs("a-1")).toMatchObject([{ line: "2" }, { line: "3" }]);
    expect(ring.logs("b-1")).toEqual([other]);
    expect(ring.logs("c-1")).toEqual([]);
  });

  it("know an event once, and list by time", () => {
    const ring = createEventRing(small);
    const late = { ...exchange({ from: "a-1", to: "b-1" }), at: "2026-01-01T00:00:02.000Z" };
    const early = { ...exchange({ from: "a-1", to: "b-1" }), at: "2026-01-01T00:00:01.000Z" };
    for (const event of [late, early, late]) ring.add(event);
    expect(ring.all()).toEqual([early, late]);
  });

  it("keep no totals, and of a load only what changed", () => {
    const ring = createEventRing(small);
    const stamp = { id: "e-1", at: "", generation: 1 };
    ring.add({ type: "traffic.counted", ...stamp, counts: {} });
    ring.add({
      type: "mesh.loaded",
      ...stamp,
      id: "e-2",
      changes: ["x"],
      differences: [],
      problems: [],
      view: { ...noView, missing: ["y"] },
    });
    expect(ring.all()).toMatchObject([{ id: "e-2", changes: ["x"], view: { missing: [] } }]);
  });

  it("call refusals what was refused", () => {
    expect(isRefusal(exchange({ from: "a-1", to: "b-1", verdict: "deny" }))).toBe(true);
    expect(isRefusal(exchange({ from: "a-1", to: "b-1", verdict: "allow" }))).toBe(false);
    expect(isRefusal(exchange({ from: "a-1", to: "b-1", status: 503 }))).toBe(false);
    expect(isRefusal(connection({ from: "a-1", to: "b-1", flags: "-", ms: 1 }))).toBe(false);
    expect(isRefusal(logged("a-1", "denied"))).toBe(false);
  });
});
