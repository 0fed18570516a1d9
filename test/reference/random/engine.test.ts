import * as fc from "fast-check";
import { expect, it } from "vitest";
import { engineOf } from "../engine.ts";
import { referenceOf } from "../outcome.ts";
import { randomCase, writtenCase } from "./case.ts";
import { addressOf, disagreement, tokenOf } from "./judge.ts";

/**
 * `MESHDEV_RANDOM_CASES=100000 MESHDEV_RANDOM_SEED=7` asks for more than the short part that always runs. A disagreement is shrunk
 * and printed as a case that can be kept under `test/conformance/own`.
 */
const runs = Number(process.env["MESHDEV_RANDOM_CASES"] ?? 400);
const seed = Number(process.env["MESHDEV_RANDOM_SEED"] ?? 1);

it("the engine decides random requests under random policies as the specification does", () => {
  const counts = new Map<string, number>();
  const count = (what: string): void => {
    counts.set(what, (counts.get(what) ?? 0) + 1);
  };
  fc.assert(
    fc.property(randomCase, (spec) => {
      const engine = engineOf(spec);
      count(engine === undefined ? "refused by validation" : "cases");
      if (engine === undefined) return;
      const reference = referenceOf(spec);
      for (const request of spec.requests) {
        const wanted = reference(request, { addressOf, token: tokenOf(request) });
        count(wanted?.outcome ?? "beyond the reference");
        const difference = wanted === undefined ? undefined : disagreement(request, wanted, engine(request));
        if (difference !== undefined)
          throw new Error(`${difference}\n${writtenCase({ ...spec, requests: [request] })}`);
      }
    }),
    { numRuns: runs, seed },
  );
  process.stdout.write(`random: ${[...counts].map(([what, times]) => `${what} ${times}`).join(", ")}\n`);
  expect(counts.get("cases")).toBeGreaterThan(runs / 2);
}, 3_600_000);
