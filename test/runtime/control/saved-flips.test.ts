import { expect, it } from "vitest";
import { flipsQuery, flipsQuestion } from "../../../runtime/control/flips-query.ts";
import { createRecalls } from "../../../runtime/control/recalls.ts";
import { createSavedFlips } from "../../../runtime/control/saved-flips.ts";
import type { Fact } from "../../../runtime/control/event-hub.ts";
import type { ToDataPlane } from "../../../runtime/model/dataplane.ts";
import type { FlipsQuestion } from "../../../runtime/model/flips.ts";
import type { RecalledCalls } from "../../../runtime/model/recalled.ts";
import { createTestClock } from "./test-clock.ts";

const none: RecalledCalls = { calls: [], connections: [], departures: [] };

it("keeps sixteen generations, and tells of each save but the first, in order", async () => {
  const told: Fact[] = [];
  const clock = createTestClock();
  const flips = createSavedFlips({
    clock,
    hub: { tell: (fact) => told.push(fact) },
    recall: () => Promise.resolve(none),
    onError: (error) => {
      throw error;
    },
  });
  expect(await flips.last()).toBeUndefined();
  for (let generation = 1; generation <= 20; generation++) flips.saved(generation, new Map(), new Map());
  expect(await flips.last()).toMatchObject({ before: 19, after: 20, compared: 0, flipped: 0 });
  expect(told.map(({ type, generation }) => `${type} ${generation}`)).toEqual(
    Array.from({ length: 19 }, (_, at) => `save.compared ${at + 2}`),
  );
  expect(flips.kept()).toEqual(Array.from({ length: 16 }, (_, at) => at + 5));
  expect(await flips.between(4, 20)).toBeUndefined();
  expect(await flips.between(20, 5)).toMatchObject({ before: 20, after: 5 });
  expect(await flips.against(new Map())).toMatchObject({ before: 20, after: null });
});

it("goes on with the next save when one cannot be compared", async () => {
  const errors: unknown[] = [];
  let fails = true;
  const flips = createSavedFlips({
    clock: createTestClock(),
    hub: { tell: () => undefined },
    recall: () => (fails ? Promise.reject(new Error("no")) : Promise.resolve(none)),
    onError: (error) => errors.push(error),
  });
  flips.saved(1, new Map(), new Map());
  flips.saved(2, new Map(), new Map());
  expect(await flips.last()).toBeUndefined();
  expect(errors).toEqual([new Error("no")]);
  fails = false;
  flips.saved(3, new Map(), new Map());
  expect(await flips.last()).toMatchObject({ before: 2, after: 3 });
});

it("puts the pieces of a recall together, and goes on without a data plane that answers", async () => {
  const clock = createTestClock();
  const sent: ToDataPlane[] = [];
  let isThere = true;
  const recalls = createRecalls(clock, (message) => {
    if (isThere) sent.push(message);
    return isThere;
  });
  const departure = (requestId: string) => ({ proxy: "a", requestId, to: "b", cluster: "c" });
  const asked = recalls.recall(10);
  expect(sent).toEqual([{ type: "recall", token: 1, limit: 10 }]);
  const piece = (id: string, done: boolean): void => {
    recalls.hear({ type: "recalled", token: 1, piece: { ...none, departures: [departure(id)] }, done });
  };
  piece("1", false);
  piece("2", true);
  piece("late", true);
  expect(await asked).toEqual({ ...none, departures: [departure("1"), departure("2")] });
  const silent = recalls.recall(10);
  clock.advance(5_000);
  expect(await silent).toEqual(none);
  isThere = false;
  expect(await recalls.recall(10)).toEqual(none);
});

it("a question survives its way through a URL", () => {
  const questions: readonly FlipsQuestion[] = [
    { kind: "last" },
    { kind: "generations", before: 3, after: 12 },
    { kind: "draft", paths: ["/a b/ä.yaml", "/c&d"] },
  ];
  for (const question of questions)
    expect(flipsQuestion(new URLSearchParams(flipsQuery(question).toString()))).toEqual(question);
  for (const text of ["before=1", "before=0&after=1", "before=a&after=2", "before=1.5&after=2"])
    expect(flipsQuestion(new URLSearchParams(text)), text).toBeUndefined();
});
