import { describe, expect, test } from "vitest";
import { composeRequest } from "../grammar.ts";
import { mutate } from "../mutate.ts";
import { createRandom, seedOf } from "../random.ts";
import { requestSeeds } from "../seeds.ts";
import { differenceOf } from "./compare.ts";
import { reasons } from "./reasons.ts";
import { createTwins } from "./twins.ts";
import { findProgram } from "../../bench/chains/program.ts";

/**
 * The same bytes through a real Envoy and a sidecar of ours. `MESHDEV_ENVOY_INPUTS=5000 MESHDEV_ENVOY_SEED=3` asks for more than the
 * short part that runs everywhere an `envoy` is in PATH.
 */
const count = Number(process.env["MESHDEV_ENVOY_INPUTS"] ?? 150);
const seed = Number(process.env["MESHDEV_ENVOY_SEED"] ?? 1);
const envoy = findProgram("envoy", "MESHDEV_ENVOY");

describe("raw requests, read by a real Envoy", () => {
  test.skipIf(envoy === undefined)(
    "reach the application, or are refused, exactly as with a sidecar of ours, but for reasons that are listed",
    async ({ skip }) => {
      if (envoy === undefined) return skip("envoy is not in PATH");
      await using twins = await createTwins(envoy);
      const inputs = Array.from({ length: count }, (_, at) => {
        const random = createRandom(seedOf(seed, at));
        return {
          bytes: Buffer.from(random.oneIn(2) ? mutate(requestSeeds, random) : composeRequest(random), "latin1"),
        };
      });
      const suspects = (await twins.judge(inputs, 60)).flatMap((pair) =>
        differenceOf(pair) === undefined ? [] : [pair.input],
      );
      // A loaded machine can be slow to answer: what differed is asked once more, with patience.
      const differences = (await twins.judge(suspects, 300)).flatMap((pair) => differenceOf(pair) ?? []);
      const counts = new Map<string, number>();
      const unexplained: string[] = [];
      for (const difference of differences) {
        const text = difference.input.bytes.toString("latin1");
        const reason = reasons.find(({ explains }) => explains(difference, text));
        if (reason === undefined)
          unexplained.push(JSON.stringify({ text, envoy: difference.theirs, ours: difference.mine }, undefined, 1));
        else counts.set(reason.name, (counts.get(reason.name) ?? 0) + 1);
      }
      const told = [...counts].map(([name, times]) => `${times} ${name}`).join("; ");
      process.stdout.write(
        `envoy: ${count} inputs, ${count - differences.length} judged alike, ${unexplained.length} unexplained. ${told}\n`,
      );
      expect(unexplained).toEqual([]);
    },
    3_600_000,
  );
});
