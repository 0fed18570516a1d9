import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Proof } from "./proof.ts";

// `npm run prove` lists the proofs, `npm run prove -- why --count 1000 --seed 7` runs one: what is claimed of a tool, tried on real sockets as often as asked.
// `npm test` runs a short part of each with a fixed seed.
const folder = join(import.meta.dirname, "proofs");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length))
  .toSorted();

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { count: { type: "string" }, seed: { type: "string", default: "1" } },
});
const [name] = positionals;
if (name === undefined || !names.includes(name)) {
  process.stderr.write(`npm run prove -- NAME [--count N] [--seed N], where NAME is one of: ${names.join(", ")}\n`);
  process.exitCode = 2;
} else {
  const { prove } = (await import(join(folder, `${name}.ts`))) as { readonly prove: Proof };
  const { lines, failures } = await prove({
    count: values.count === undefined ? undefined : Number(values.count),
    seed: Number(values.seed),
    progress: (text) => process.stderr.write(`${text}\n`),
  });
  process.stdout.write(`${[...lines, ...failures.slice(0, 20)].join("\n")}\n`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}
