import { describe, expect, it } from "vitest";
import { kills } from "../steady/kills.ts";
import { reloads } from "../steady/reloads.ts";

// A small part of `npm run steady`: the same programs, fewer times.
describe("steadiness", () => {
  it("200 reloads under load: no request lost, no verdict of a generation that was replaced", async () => {
    const { edits, calls, faults, surprises } = await reloads(200, () => undefined);
    expect(faults).toEqual([]);
    expect(surprises).toEqual([]);
    expect(edits).toBe(200);
    expect(calls).toMatchObject({ lost: 0, wrong: 0 });
    expect(calls.right).toBeGreaterThan(500);
  });

  it.skipIf(process.platform !== "linux")(
    "a data plane that is killed again and again under load leaves nothing behind",
    async () => {
      for (const { samples, processes, before, after } of await kills({ SIGKILL: 3, SIGSTOP: 2 }, () => undefined)) {
        expect(samples.length).toBeGreaterThan(1);
        expect(processes[1]).toBe(processes[0]);
        // A client may be connected at one moment and not at the other.
        expect(Math.abs(after.descriptors - before.descriptors)).toBeLessThan(4);
      }
    },
  );
});
