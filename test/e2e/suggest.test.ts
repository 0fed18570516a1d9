import { expect, it } from "vitest";
import { prove } from "../prove/proofs/suggest.ts";

it("edits that are suggested for random denials are enough, none of their parts is, and they open what is said; more by npm run prove -- suggest", async () => {
  const { lines, failures } = await prove({ count: 3, seed: 5, progress: () => undefined });
  expect(failures).toEqual([]);
  expect(lines[0]).toBe("3 random denials with edits");
}, 600_000);
