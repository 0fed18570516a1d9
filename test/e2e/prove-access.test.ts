import { expect, it } from "vitest";
import { prove as proveDiff } from "../prove/proofs/diff.ts";
import { prove as proveMatrix } from "../prove/proofs/matrix.ts";

it("requests of every class end as their class says: a short part of `npm run prove -- matrix`", async () => {
  const { lines, failures } = await proveMatrix({ count: 4, seed: 3, progress: () => undefined });
  process.stdout.write(`${lines.join("\n")}\n`);
  expect(failures).toEqual([]);
  expect(lines[0]).toMatch(/^[34] random meshes, \d{2,} classes/);
});

it("what ends otherwise under other policies is what diff names: a short part of `npm run prove -- diff`", async () => {
  const { lines, failures } = await proveDiff({ count: 2, seed: 3, progress: () => undefined });
  process.stdout.write(`${lines.join("\n")}\n`);
  expect(failures).toEqual([]);
  expect(lines[0]).toMatch(/^[12] pairs of random policies: [1-9]/);
});
