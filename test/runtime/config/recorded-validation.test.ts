import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseDocuments } from "../../../runtime/config/documents.ts";

interface Recorded {
  readonly id: string;
  /** Whether an API server with Istio's schemas and webhook refuses a document of the file. */
  readonly refused: boolean;
  readonly text: string;
}

const recorded: readonly Recorded[] = JSON.parse(
  readFileSync(join(import.meta.dirname, "recorded-validation.json"), "utf8"),
);

describe("documents that real Istio judged", () => {
  it.each(recorded)("$id: refused $refused", ({ text, refused }) => {
    const parsed = parseDocuments({ path: "case.yaml", text });
    const invalid = parsed.broken || parsed.documents.some((document) => document.resource === undefined);
    const found = [...parsed.problems, ...parsed.documents.flatMap((document) => document.problems)];
    expect({ refused: invalid, errors: found.some((problem) => problem.severity === "error") }).toEqual({
      refused,
      errors: refused,
    });
    // Every finding points at a place that exists and can be underlined.
    const lines = text.split("\n");
    for (const problem of found) {
      expect(problem.at?.file).toBe("case.yaml");
      expect(lines[(problem.at?.line ?? 0) - 1]).toBeDefined();
      expect(problem.excerpt?.to ?? 0).toBeGreaterThan(problem.excerpt?.from ?? 0);
    }
  });
});
