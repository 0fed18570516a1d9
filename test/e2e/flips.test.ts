import { expect, it } from "vitest";
import { prove } from "../prove/proofs/flips.ts";

/** `npm run prove -- flips --count 50` asks for more than the short part that always runs. */
it("what a save is said to flip of live traffic flips when it is sent again, and nothing else does", async () => {
  const { lines, failures } = await prove({ count: 2, seed: 3, progress: () => undefined });
  expect(failures).toEqual([]);
  expect(lines.join("\n")).toMatch(/^2 saves: [1-9]/);
});
