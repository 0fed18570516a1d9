import { globSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type LoadedCase, loadCase } from "./case.ts";
import { runCase, type RequestResult } from "./engine.ts";
import { runChecks } from "./check/run-check.ts";
import { createSocketsRunner } from "./sockets/run-sockets.ts";

/**
 * `npm run conformance -- [--runner=engine|sockets|check] [--cases DIR] [--only REGEXP]`: recorded verdicts of Istio against the engine, or
 * against the data plane on real sockets; or what istioctl says of files against `meshdev check`.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runner: { type: "string", default: "engine" },
      cases: { type: "string" },
      only: { type: "string" },
    },
  });
  const only = values.only === undefined ? undefined : new RegExp(values.only);
  const cases =
    values.cases ?? fileURLToPath(new URL(values.runner === "check" ? "check/cases" : "cases", import.meta.url));
  const directory = resolve(cases);
  if (values.runner === "check") return runChecks(directory, only, (text) => process.stdout.write(text));
  if (values.runner !== "engine" && values.runner !== "sockets") {
    process.stderr.write(
      `there is no runner ${values.runner}; use --runner=engine, --runner=sockets or --runner=check\n`,
    );
    return 2;
  }
  await using sockets = values.runner === "sockets" ? await createSocketsRunner({ compareSeconds: true }) : undefined;
  const run = async (loaded: LoadedCase): Promise<ReadonlyMap<string, RequestResult>> =>
    sockets === undefined ? runCase(loaded) : sockets.run(loaded);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const reasons = new Map<string, number>();
  let drawn = 0;
  const families = new Map<string, { passed: number; failed: number; skipped: number }>();
  const files = globSync("**/*.yaml", { cwd: directory }).toSorted();
  for (const file of files) {
    const path = join(directory, file);
    const name = relative(directory, path).replace(/\.yaml$/, "");
    if (only !== undefined && !only.test(name)) continue;
    const family = name.slice(0, name.lastIndexOf("/"));
    const sums = families.get(family) ?? { passed: 0, failed: 0, skipped: 0 };
    families.set(family, sums);
    for (const [id, result] of await run(loadCase(path))) {
      counts[result.kind] += 1;
      sums[result.kind] += 1;
      if (result.kind === "passed" && result.drawn === true) drawn += 1;
      if (result.kind === "skipped") reasons.set(result.reason, (reasons.get(result.reason) ?? 0) + 1);
      if (result.kind !== "failed") continue;
      const lines = result.differences.map(
        ({ what, expected, actual }) => `${what}: expected ${told(expected)}, actual ${told(actual)}`,
      );
      process.stdout.write(`FAIL ${name} ${id}\n  ${lines.join("\n  ")}\n`);
    }
  }
  for (const [family, sums] of families) {
    process.stdout.write(`${family}: ${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped\n`);
  }
  for (const [reason, count] of [...reasons].toSorted((a, b) => b[1] - a[1])) {
    process.stdout.write(`skipped (${reason}): ${count}\n`);
  }
  if (drawn > 0)
    process.stdout.write(`passed with another choice of what a load balancer or percentage draws: ${drawn}\n`);
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  return counts.failed > 0 ? 1 : 0;
}

/** A value in a line: bodies of large requests are cut. */
function told(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= longestValue ? text : `${text.slice(0, longestValue)}… (${text.length} characters)`;
}

const longestValue = 600;

process.exitCode = await main();
