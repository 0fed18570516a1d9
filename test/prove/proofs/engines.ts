import type { CaseReport } from "../../../runtime/suite/report.ts";
import { createProject } from "../../e2e/support/project.ts";
import type { Proof } from "../proof.ts";
import { randomProject } from "../random-project.ts";

const casesPerMesh = 250;
const defaultCount = 2_000;

/** Random policies and requests: what `meshdev test` says of them on paper is what real sidecars do. */
export const prove: Proof = async ({ count = defaultCount, seed, progress }) => {
  const meshes = Math.ceil(count / casesPerMesh);
  const failures: string[] = [];
  const verdicts = new Map<string, number>();
  let asked = 0;
  let skipped = 0;
  for (let mesh = 0; mesh < meshes; mesh += 1) {
    const here = { seed: seed * 1_000 + mesh, size: Math.min(casesPerMesh, count - mesh * casesPerMesh) };
    await using folder = createProject(randomProject(here));
    const { code, stdout, stderr } = await folder.meshdev("test", "--engine", "both", "-o", "json");
    if (![0, 4, 10].includes(code)) {
      failures.push(`mesh ${here.seed} gave exit code ${code}: ${stderr.slice(0, 2_000)}`);
      continue;
    }
    const report = JSON.parse(stdout) as { readonly cases: readonly CaseReport[] };
    for (const each of report.cases) {
      const { live, offline, disagreement } = each;
      if (live === null) {
        skipped += 1;
        continue;
      }
      asked += 1;
      verdicts.set(live.verdict, (verdicts.get(live.verdict) ?? 0) + 1);
      const reached = offline?.verdict !== "allow" || live.verdict === "allow";
      if (disagreement !== null || !reached)
        failures.push(`mesh ${here.seed} line ${each.at.line}, ${each.name}: ${disagreement ?? live.summary}`);
    }
    progress(`${mesh + 1} of ${meshes} meshes, ${asked} cases, ${failures.length} disagreements`);
  }
  const told = [...verdicts].map(([verdict, number]) => `${number} ${verdict}`);
  return {
    lines: [
      `${asked} cases on ${meshes} random meshes both ways (${told.join(", ")}): ${failures.length} disagreements`,
      `${skipped} not asked live`,
    ],
    failures,
  };
};
