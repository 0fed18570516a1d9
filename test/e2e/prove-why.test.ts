import { expect, it } from "vitest";
import { prove } from "../prove/proofs/why.ts";

it("what a denial is blamed on is what has to change: a short part of `npm run prove -- why`", async () => {
  const { lines, failures } = await prove({ count: 30, seed: 5, progress: () => undefined });
  process.stdout.write(`${lines.join("\n")}\n`);
  expect(failures).toEqual([]);
  expect(lines[0]).toMatch(/^30 random denials/);
});
