import { globSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type LoadedCase, loadCase } from "./case.ts";
import { runCase, type RequestResult } from "./engine.ts";
import { runChecks } from "./check/run-check.ts";
import { meshBeside, runInPods } from "./sockets/pods.ts";
import { createSocketsRunner } from "./sockets/run-sockets.ts";

/**
 * `npm run conformance -- [--runner=engine|sockets|check] [--capture=pods] [--cases DIR] [--only REGEXP]`: recorded verdicts of Istio against the engine, or
 * against the data plane on real sockets; or what istioctl says of files against `meshdev check`.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runner: { type: "string", default: "engine" },
      cases: { type: "string" },
      only: { type: "string" },
      capture: { type: "string", default: "sockets" },
    },
  });
  if (values.capture === "pods" && meshBeside() === undefined) {
    const outcome = await runInPods();
    if (typeof outcome === "number") return outcome;
    process.stderr.write(`skipped: ${outcome}\n`);
    return 0;
  }
  const only = values.only === undefined ? undefined : new RegExp(values.only);
  const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const given = values.cases === undefined ? undefined : resolve(values.cases);
  if (values.runner === "check")
    return runChecks(given ?? here("check/cases"), only, (text) => process.stdout.write(text));
  if (values.runner !== "engine" && values.runner !== "sockets") {
    process.stderr.write(
      `there is no runner ${values.runner}; use --runner=engine, --runner=sockets or --runner=check\n`,
    );
    return 2;
  }
  // Recorded cases, then our own.
  const found = given === undefined ? [...casesIn(here("cases")), ...casesIn(here("own"), "own/")] : casesIn(given);
  const wanted = found.filter(({ name }) => only?.test(name) ?? true);
  if (values.runner === "engine") return playCases(wanted, (loaded) => Promise.resolve(runCase(loaded)));
  // Not `await using`: Node 22, on which this file runs as it is too, does not know it.
  const sockets = await createSocketsRunner({ compareSeconds: true });
  try {
    return await playCases(wanted, (loaded) => sockets.run(loaded));
  } finally {
    await sockets[Symbol.asyncDispose]();
  }
}

type FoundCase = { readonly path: string; readonly name: string };

/** Plays cases one after the other and prints what differs, the sums of each family and all sums; the exit code. */
async function playCases(
  cases: readonly FoundCase[],
  run: (loaded: LoadedCase) => Promise<ReadonlyMap<string, RequestResult>>,
): Promise<number> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const reasons = new Map<string, number>();
  let drawn = 0;
  const families = new Map<string, { passed: number; failed: number; skipped: number }>();
  for (const { path, name } of cases) {
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

/** The cases below a folder; what lies in the folder itself belongs to all of them. */
function casesIn(directory: string, prefix = ""): readonly FoundCase[] {
  const files = globSync("*/**/*.yaml", { cwd: directory }).toSorted();
  return files.map((file) => ({ path: join(directory, file), name: prefix + file.replace(/\.yaml$/, "") }));
}

/** A value in a line: bodies of large requests are cut. */
function told(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= longestValue ? text : `${text.slice(0, longestValue)}… (${text.length} characters)`;
}

const longestValue = 600;

process.exitCode = await main();
