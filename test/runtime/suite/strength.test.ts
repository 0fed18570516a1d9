import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { coverageOf } from "../../../runtime/suite/coverage.ts";
import { mutate, type MutationReport } from "../../../runtime/suite/mutate.ts";
import { askCases } from "../../../runtime/suite/run.ts";
import { parseTestFile } from "../../../runtime/suite/test-file.ts";
import { prove } from "../../prove/proofs/mutants.ts";
import { askOffline, loadTests } from "../../../runtime/tests.ts";

const folder = join(import.meta.dirname, "weak");
const policies = "mesh/policies.yaml";
const loaded = await loadTests(folder, { paths: [], select: undefined });
const asked = askOffline(loaded);

/** The lines that say what must be found there. */
const planted = readFileSync(join(folder, policies), "utf8")
  .split("\n")
  .flatMap((line, index) => {
    const found = /# planted: (.*)$/.exec(line)?.[1];
    return found === undefined ? [] : [{ line: index + 1, change: found }];
  });

function survivors(report: MutationReport): readonly string[] {
  return report.survived.map(({ at, change }) => `${at.file}:${at.line}:${at.column} ${change}`);
}

describe("tests of weak policies", () => {
  const report = mutate(loaded.mesh, loaded.surroundings, asked);

  it("pass, which says little", () => {
    expect(asked.flatMap(({ failures }) => failures)).toEqual([]);
    expect(planted.length).toBeGreaterThan(6);
  });

  it.each(planted)("let $change at line $line pass, and mutation finds it", ({ line, change }) => {
    const found = report.survived.find(({ at, change: made }) => at.line === line && made.startsWith(change));
    expect(found, survivors(report).join("\n")).toMatchObject({ at: { file: policies, line } });
    expect(found?.example).toMatch(/^- \{ from: .*expect: (allow|deny|tls-fail) \}$/);
  });

  it("see most mutants; those that make no difference are counted and not listed", () => {
    expect(report.mutants).toBe(report.killed + report.survived.length + report.equivalent + report.unreachable);
    expect(report.killed).toBeGreaterThan(40);
    const listed = survivors(report).join("\n");
    // A policy written twice, a rule that another one contains, an account that nobody has.
    expect(report.equivalent).toBeGreaterThanOrEqual(8);
    expect(report.unreachable).toBeGreaterThanOrEqual(2);
    expect(listed).not.toContain(`${policies}:65:1 drop the policy`);
    expect(listed).not.toContain("ghost of from.source.principals");
    expect(listed).not.toContain(`${policies}:43:7 drop the rule`);
  });

  it("see every mutant once the cases are added that mutation names", () => {
    const lines = report.survived.flatMap(({ example }) => example ?? []);
    expect(lines).toHaveLength(report.survived.length);
    const { value, problems } = parseTestFile({ path: "more.mesh-test.yaml", text: `cases:\n${lines.join("\n")}\n` });
    expect(problems).toEqual([]);
    const more = askCases(value === undefined ? [] : [value], loaded.mesh, loaded.surroundings);
    expect(more.asked.flatMap(({ failures }) => failures)).toEqual([]);
    const better = mutate(loaded.mesh, loaded.surroundings, [...asked, ...more.asked]);
    expect(survivors(better)).toEqual([]);
    expect(better.equivalent).toBe(report.equivalent);
  });
});

describe("a mutant that is said to make no difference", () => {
  it("is told apart by no random request", async () => {
    const { lines, failures } = await prove({ count: 2, seed: 1, progress: () => undefined });
    expect(failures).toEqual([]);
    expect(lines[1]).toMatch(/^[1-9]\d+ random requests asked/);
  });
});

describe("coverage", () => {
  it("names rules and clauses that did not both match and miss, with their line", () => {
    const { files, uncovered } = coverageOf(loaded.mesh, asked);
    expect(files).toEqual([
      {
        file: policies,
        policies: { covered: 5, total: 5 },
        rules: { covered: 5, total: 8 },
        clauses: { covered: 11, total: 18 },
      },
    ]);
    const told = uncovered.map(({ line, rule, clause, missing }) => `${line} rule ${rule} ${clause ?? ""}: ${missing}`);
    for (const line of [
      "39 rule 1 to.operation.notPaths: never missed",
      "40 rule 2 : never matched",
      "102 rule 0 from.source.principals: never missed",
    ])
      expect(told, told.join("\n")).toContain(line);
  });

  it("is whole when everything was held against both", () => {
    const { files, uncovered } = coverageOf(loaded.mesh, []);
    expect(files[0]?.policies.covered).toBe(0);
    expect(new Set(uncovered.map(({ missing }) => missing))).toEqual(new Set(["never asked"]));
  });
});
