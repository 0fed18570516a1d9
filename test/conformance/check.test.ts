import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseDocuments } from "../../runtime/config/documents.ts";
import { checkCases, familyOf, loadCheckCase } from "./check/case.ts";
import { runCheckCase } from "./check/run-check.ts";

const directory = join(import.meta.dirname, "check/cases");
/** Cases that are known to fail, with the reason. */
const known: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(import.meta.dirname, "check/known.json"), "utf8"),
);
const families = Map.groupBy(checkCases(directory), familyOf);

describe("what the real istioctl says of files", () => {
  it.each([...families.keys()])("%s", (family) => {
    const failed = (families.get(family) ?? []).filter((id) => runCheckCase(loadCheckCase(directory, id)).length > 0);
    expect(failed).toEqual(
      Object.keys(known)
        .filter((id) => familyOf(id) === family)
        .toSorted(),
    );
  });

  it("every finding points at a place that exists and can be underlined", () => {
    for (const id of checkCases(directory)) {
      for (const { path, text } of loadCheckCase(directory, id).files) {
        const parsed = parseDocuments({ path, text });
        const lines = text.split("\n");
        for (const problem of [...parsed.problems, ...parsed.documents.flatMap((document) => document.problems)]) {
          expect(lines[(problem.at?.line ?? 0) - 1], `${id}: ${problem.message}`).toBeDefined();
          expect(problem.excerpt?.to ?? 0).toBeGreaterThan(problem.excerpt?.from ?? 0);
        }
      }
    }
  });
});
