import { MeshError } from "../core/error.ts";
import type { Problem } from "../core/problem.ts";
import type { Mesh } from "../model/mesh.ts";
import type { Judged } from "../predict/trace.ts";
import type { TestCase } from "./case.ts";
import { contradictions } from "./judge.ts";
import { bindCases, type Surroundings } from "./offline.ts";
import { outcomeOf, type Outcome } from "./outcome.ts";
import type { TestFile } from "./test-file.ts";

/** A case that was asked on paper. */
export interface AskedCase {
  readonly test: TestCase;
  readonly outcome: Outcome;
  /** What contradicts the expectation; empty: it passed. */
  readonly failures: readonly string[];
  /** What sidecars decided on the way. */
  readonly judged: readonly Judged[];
  /** The sidecars that told of it. */
  readonly touched: readonly string[];
}

/** Asks the engine about every case. A case that names nobody the mesh has is a problem of its file. */
export function askCases(
  files: readonly TestFile[],
  mesh: Mesh,
  surroundings: Surroundings,
): { readonly asked: readonly AskedCase[]; readonly problems: readonly Problem[] } {
  const ask = bindCases(mesh, surroundings);
  const problems = new Map<string, Problem>();
  const asked: AskedCase[] = [];
  for (const file of files) {
    for (const test of file.cases) {
      try {
        asked.push(askCase(test, ask));
      } catch (error) {
        if (!(error instanceof MeshError) || error.code !== "MD8005") throw error;
        const { message, hint } = error;
        const place = file.locate(test.field);
        problems.set(`${test.field} ${message}`, {
          code: "MD1022",
          severity: "error",
          message,
          ...(hint === undefined ? {} : { hint }),
          ...place,
          field: test.field,
        });
      }
    }
  }
  return { asked, problems: [...problems.values()] };
}

export function askCase(test: TestCase, ask: ReturnType<typeof bindCases>): AskedCase {
  const prediction = ask(test);
  const outcome = outcomeOf(prediction);
  const { judged, proxies } = prediction.details;
  const touched = proxies.map(({ proxy }) => proxy);
  return { test, outcome, failures: contradictions(test.expected, outcome), judged, touched };
}
