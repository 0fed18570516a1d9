import { describe, expect, it } from "vitest";
import { judge, parseBitCall, type Edit } from "./verdicts.ts";

// Edits 0 to 4 begin at 0, 100, 200, 300, 400 and are live 50 later; the last is not live yet.
const timeline: readonly Edit[] = [0, 1, 2, 3, 4].map((edit) => ({
  begun: edit * 100,
  live: edit === 4 ? undefined : edit * 100 + 50,
}));

describe("judging a call by what was in force", () => {
  // Bit 0 is set in odd edits, bit 1 in edits 2 and 3, bit 2 in edit 4.
  it.each([
    ["within one edit, allowed by it", { begun: 60, ended: 90, bit: 0, status: 200 }, "right"],
    ["within one edit, denied by it", { begun: 160, ended: 190, bit: 0, status: 403 }, "right"],
    ["decided by an edit that was replaced", { begun: 160, ended: 190, bit: 0, status: 200 }, "wrong"],
    ["ended under an edit that nobody had begun", { begun: 60, ended: 90, bit: 0, status: 403 }, "wrong"],
    ["across a flip, new verdict", { begun: 160, ended: 220, bit: 0, status: 200 }, "either"],
    ["across a flip, old verdict", { begun: 160, ended: 220, bit: 0, status: 403 }, "either"],
    ["across an edit that does not flip it", { begun: 60, ended: 120, bit: 1, status: 200 }, "right"],
    ["begun before the edit was live, which denies it", { begun: 120, ended: 140, bit: 0, status: 403 }, "either"],
    ["stale by two edits", { begun: 260, ended: 320, bit: 1, status: 200 }, "wrong"],
    ["while the last is not live", { begun: 500, ended: 600, bit: 2, status: 403 }, "either"],
    ["while the last is not live, a bit that neither has", { begun: 500, ended: 600, bit: 3, status: 403 }, "wrong"],
    ["no answer", { begun: 60, ended: 90, bit: 0, status: 0 }, "lost"],
    ["an answer of the sidecar's own", { begun: 60, ended: 90, bit: 0, status: 503 }, "lost"],
  ] as const)("%s", (_, call, judgement) => {
    expect(judge(call, timeline)).toBe(judgement);
  });

  it("reads what callers record, with the reason behind it", () => {
    expect(parseBitCall("12.500 13.250 3 0 read ECONNRESET")).toEqual({ begun: 12.5, ended: 13.25, bit: 3, status: 0 });
    expect(parseBitCall("12.5 13")).toBeUndefined();
  });
});
