import { describe, expect, it } from "vitest";
import { createSubscribers, queueLimits } from "../../../runtime/control/subscribers.ts";
import { initialState } from "../../../runtime/store/initial-state.ts";
import { exchange, logged } from "../store/events.ts";

const state = initialState({ mesh: "m", directory: "/m", startedAt: "", capture: "" });

interface Line {
  readonly type: string;
  readonly seq: number;
  readonly id?: string;
  readonly count?: number;
  readonly headers?: unknown;
  readonly replayed?: boolean;
}

/** A reader that takes what it is given, or nothing more until it is told to. */
function createReader() {
  const texts: string[] = [];
  const reader = { open: true };
  return {
    reader,
    sink: {
      write: (text: string) => {
        texts.push(text);
        return reader.open;
      },
    },
    lines: (): readonly Line[] =>
      texts
        .join("")
        .split("\n")
        .filter((text) => text !== "")
        .map((text): Line => JSON.parse(text)),
  };
}

describe("subscribers", () => {
  it("get the state, the past, then everything, counted without a gap", () => {
    const subscribers = createSubscribers();
    const { sink, lines } = createReader();
    const past = logged("a-1", "before");
    subscribers.add(sink, { headers: false, state, past: [past] });
    const now = logged("a-1", "now");
    subscribers.publish(now);
    expect(lines()).toMatchObject([
      { type: "state", schemaVersion: 1, seq: 0 },
      { id: past.id, replayed: true, seq: 1 },
      { id: now.id, seq: 2 },
    ]);
    expect(lines()[2]).not.toHaveProperty("replayed");
  });

  it("get headers only when they asked", () => {
    const subscribers = createSubscribers();
    const plain = createReader();
    const curious = createReader();
    subscribers.add(plain.sink, { headers: false, state, past: [] });
    subscribers.add(curious.sink, { headers: true, state, past: [] });
    expect(subscribers.wantsHeaders()).toBe(true);
    subscribers.publish(exchange({ from: "a-1", to: "b-1", headers: { "x-a": "1" } }));
    expect(plain.lines()[1]?.headers).toBeNull();
    expect(curious.lines()[1]?.headers).toEqual({ "x-a": "1" });
  });

  it("that read too slowly lose traffic and are told how much, but no denial", () => {
    const subscribers = createSubscribers();
    const { reader, sink, lines } = createReader();
    const subscription = subscribers.add(sink, { headers: false, state, past: [] });
    reader.open = false;
    subscribers.publish(logged("a-1", "the one that fills the pipe"));
    for (let n = 0; n < queueLimits.lines + 7; n++)
      subscribers.publish(exchange({ from: "a-1", to: "b-1", verdict: "allow" }));
    const denied = exchange({ from: "a-1", to: "b-1", verdict: "deny" });
    subscribers.publish(denied);
    expect(lines()).toHaveLength(2);
    reader.open = true;
    subscription.drain();
    const got = lines();
    expect(got.some((line) => line.id === denied.id)).toBe(true);
    expect(got.at(-1)).toMatchObject({ type: "events.dropped", count: 7 });
    expect(got.map((line) => line.seq)).toEqual(got.map((_, at) => at));
  });

  it("do not wait for each other", () => {
    const subscribers = createSubscribers();
    const slow = createReader();
    const fast = createReader();
    slow.reader.open = false;
    subscribers.add(slow.sink, { headers: false, state, past: [] });
    subscribers.add(fast.sink, { headers: false, state, past: [] });
    for (let n = 0; n < 10; n++) subscribers.publish(logged("a-1", String(n)));
    expect(fast.lines()).toHaveLength(11);
    expect(slow.lines()).toHaveLength(1);
  });

  it("learn of losses on the way from the data plane, and leave", () => {
    const subscribers = createSubscribers();
    const { sink, lines } = createReader();
    const subscription = subscribers.add(sink, { headers: false, state, past: [] });
    subscribers.reportLoss(12);
    expect(lines().at(-1)).toMatchObject({ type: "events.dropped", count: 12, seq: 1 });
    subscription.close();
    subscribers.publish(logged("a-1", "x"));
    expect(lines()).toHaveLength(2);
    expect(subscribers.count()).toBe(0);
  });
});
