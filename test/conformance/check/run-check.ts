import { parseDocuments } from "../../../runtime/config/documents.ts";
import { checkCases, type CheckCase, familyOf, loadCheckCase } from "./case.ts";
import { compareAnalysis } from "./compare-analysis.ts";
import { compareValidation } from "./compare-validation.ts";
import type { Difference } from "./difference.ts";

interface Sums {
  passed: number;
  failed: number;
  skipped: number;
}

/** `npm run conformance -- --runner=check`: what the real istioctl said of small files against what `check` says. Returns the exit code. */
export function runChecks(directory: string, only: RegExp | undefined, write: (text: string) => void): number {
  const families = new Map<string, Sums>();
  const all: Sums = { passed: 0, failed: 0, skipped: 0 };
  for (const id of checkCases(directory)) {
    if (only !== undefined && !only.test(id)) continue;
    const family = familyOf(id);
    const sums = families.get(family) ?? { passed: 0, failed: 0, skipped: 0 };
    families.set(family, sums);
    const differences = runCheckCase(loadCheckCase(directory, id));
    const result = differences.length === 0 ? "passed" : "failed";
    sums[result] += 1;
    all[result] += 1;
    for (const { what, expected, actual } of differences)
      write(`FAIL ${id}: ${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}\n`);
  }
  for (const [family, sums] of families) write(`${family}: ${told(sums)}\n`);
  write(`${told(all)}\n`);
  return all.failed > 0 ? 1 : 0;
}

function told({ passed, failed, skipped }: Sums): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

export function runCheckCase(loaded: CheckCase): readonly Difference[] {
  const files = loaded.files.map(parseDocuments);
  const { analyze, analyzeCluster } = loaded;
  return [
    ...files.flatMap((file) =>
      compareValidation(
        loaded.validate.filter((document) => document.file === file.path),
        file,
      ),
    ),
    ...(analyze === undefined ? [] : compareAnalysis(loaded, files, analyze, "files")),
    ...(analyzeCluster === undefined ? [] : compareAnalysis(loaded, files, analyzeCluster, "cluster")),
  ];
}
