import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.ts";
import { targets } from "./targets.ts";

/**
 * `node test/fuzz/run.ts --inputs 10000000 [--seed 1] [--only requests] [--from 0]`: mutated inputs through every reader of
 * bytes, shared out by weight. Ends at the first broken promise; prints how often each outcome came.
 */
const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    from: { type: "string", default: "0" },
  },
});
const chosen = targets.filter(({ name }) => values.only === undefined || values.only === name);
const weights = chosen.reduce((sum, { weight }) => sum + weight, 0);
const started = Date.now();
let total = 0;
for (const target of chosen) {
  const inputs = Math.ceil((Number(values.inputs) * target.weight) / weights);
  const from = Date.now();
  const report = await fuzz(target, Number(values.seed), Number(values.from), inputs);
  total += inputs;
  process.stdout.write(`${report.target}: ${inputs} inputs, ${((Date.now() - from) / 1000).toFixed(0)} s\n`);
  for (const [outcome, count] of [...report.classes].toSorted(([, a], [, b]) => b - a)) {
    process.stdout.write(`  ${String(count).padStart(9)}  ${outcome}\n`);
  }
}
process.stdout.write(
  `${total} inputs, seed ${values.seed}, ${((Date.now() - started) / 1000).toFixed(0)} s, no promise broken\n`,
);
