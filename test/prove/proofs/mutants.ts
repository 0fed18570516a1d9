import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compile } from "../../../runtime/compile/compile.ts";
import { compareSnapshots } from "../../../runtime/suite/equivalent.ts";
import { caseText, exampleCase } from "../../../runtime/suite/example-case.ts";
import { type Mutant, mutantsOf } from "../../../runtime/suite/mutants.ts";
import { bindCases } from "../../../runtime/suite/offline.ts";
import { recompile } from "../../../runtime/suite/recompile.ts";
import type { TestCase } from "../../../runtime/suite/case.ts";
import { loadTests } from "../../../runtime/tests.ts";
import type { Proof } from "../proof.ts";
import { randomProject } from "../random-project.ts";

const defaultCount = 50;
const requests = 60;

/** Random policies: no random request tells a mutant apart that is said to make no difference; the cases that are named do. `count`: meshes. */
export const prove: Proof = async ({ count = defaultCount, seed, progress }) => {
  const failures: string[] = [];
  const counts = { mutants: 0, same: 0, "no-caller": 0, differ: 0, asked: 0, named: 0, confirmed: 0 };
  for (let mesh = 0; mesh < count; mesh += 1) {
    const here = seed * 10_000 + mesh;
    const folder = writeProject(randomProject({ seed: here, size: requests }));
    try {
      const loaded = await loadTests(folder, { paths: [], select: undefined });
      const { mesh: base, surroundings } = loaded;
      const tests = loaded.files.flatMap(({ cases }) => cases);
      const everybody = { ready: new Set(base.workloads.map(({ id }) => id)), keySets: surroundings.keySets };
      const plain = compile(base, everybody);
      const verdictOf = (ask: ReturnType<typeof bindCases>, test: TestCase): string => ask(test).outcome;
      const askBase = bindCases(base, surroundings);
      const before = tests.map((test) => verdictOf(askBase, test));
      const tell = (mutant: Mutant, what: string): void => {
        failures.push(`mesh ${here}, ${mutant.resource} ${mutant.field}, ${mutant.change}: ${what}`);
      };
      for (const mutant of mutantsOf(base)) {
        counts.mutants += 1;
        const comparison = compareSnapshots(base, plain, recompile(mutant, mutant.mesh, everybody, plain));
        counts[comparison.kind] += 1;
        const ask = bindCases(mutant.mesh, surroundings);
        if (comparison.kind === "differ") {
          const test = comparison.example === undefined ? undefined : exampleCase(base, comparison.example);
          if (test === undefined) continue;
          counts.named += 1;
          const isSeen =
            verdictOf(askBase, test) === test.expected.verdict && verdictOf(ask, test) !== test.expected.verdict;
          if (isSeen) counts.confirmed += 1;
          continue;
        }
        for (const [index, test] of tests.entries()) {
          counts.asked += 1;
          const after = verdictOf(ask, test);
          if (after !== before[index]) tell(mutant, `${before[index]} became ${after} for ${caseText(test)}`);
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    if ((mesh + 1) % 10 === 0)
      progress(`${mesh + 1} of ${count} meshes, ${counts.mutants} mutants, ${failures.length} wrong`);
  }
  return {
    lines: [
      `${counts.mutants} mutants of ${count} random meshes: ${counts.same} said to make no difference, ${counts["no-caller"]} only to callers that are not there`,
      `${counts.asked} random requests asked of those: ${failures.length} told one apart`,
      `${counts.differ} others: ${counts.named} with a case, of which ${counts.confirmed} see it when tried`,
    ],
    failures,
  };
};

function writeProject(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "md-mutants-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}
