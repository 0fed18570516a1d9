import { globSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadCase } from "./case.ts";
import { runCase } from "./engine.ts";

/** `npm run conformance -- --runner=engine --cases DIR [--only REGEXP]`: the engine against recorded verdicts of Istio. */
function main(): number {
  const { values } = parseArgs({
    options: {
      runner: { type: "string", default: "engine" },
      cases: { type: "string", default: fileURLToPath(new URL("cases", import.meta.url)) },
      only: { type: "string" },
    },
  });
  if (values.runner !== "engine") {
    process.stderr.write(`there is no runner ${values.runner}; use --runner=engine\n`);
    return 2;
  }
  const directory = resolve(values.cases);
  const only = values.only === undefined ? undefined : new RegExp(values.only);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const reasons = new Map<string, number>();
  const families = new Map<string, { passed: number; failed: number; skipped: number }>();
  const files = globSync("**/*.yaml", { cwd: directory }).toSorted();
  for (const file of files) {
    const path = join(directory, file);
    const name = relative(directory, path).replace(/\.yaml$/, "");
    if (only !== undefined && !only.test(name)) continue;
    const family = name.slice(0, name.lastIndexOf("/"));
    const sums = families.get(family) ?? { passed: 0, failed: 0, skipped: 0 };
    families.set(family, sums);
    for (const [id, result] of runCase(loadCase(path))) {
      counts[result.kind] += 1;
      sums[result.kind] += 1;
      if (result.kind === "skipped") reasons.set(result.reason, (reasons.get(result.reason) ?? 0) + 1);
      if (result.kind !== "failed") continue;
      const told = result.differences.map(
        ({ what, expected, actual }) =>
          `${what}: expected ${JSON.stringify(expected)}, actual ${JSON.stringify(actual)}`,
      );
      process.stdout.write(`FAIL ${name} ${id}\n  ${told.join("\n  ")}\n`);
    }
  }
  for (const [family, sums] of families) {
    process.stdout.write(`${family}: ${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped\n`);
  }
  for (const [reason, count] of [...reasons].toSorted((a, b) => b[1] - a[1])) {
    process.stdout.write(`skipped, belongs to later work (${reason}): ${count}\n`);
  }
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  return counts.failed > 0 ? 1 : 0;
}

process.exitCode = main();
