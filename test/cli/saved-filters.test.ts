import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readFilters, saveFilter } from "../../cli/saved-filters.ts";
import { builtInFilters } from "../../runtime/store/filter.ts";

const folder = mkdtempSync(join(tmpdir(), "md-filters-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it("filters are saved with the project, beside those that are always there", () => {
  expect(readFilters(folder)).toEqual(builtInFilters);
  expect(saveFilter(folder, "mine", "from:web")).toBe("saved: @mine is from:web");
  expect(saveFilter(folder, "other", "status:5xx")).toContain("@other");
  expect(readFilters(folder)).toEqual({ ...builtInFilters, mine: "from:web", other: "status:5xx" });
  expect(saveFilter(folder, "denials", "x")).toContain("is there already");
  expect(saveFilter(folder, "two words", "x")).toContain("a name begins");
});

it("a file that is none of ours adds nothing", () => {
  mkdirSync(join(folder, ".meshdev"), { recursive: true });
  for (const text of ["{", "[]", "null", '{"a": 1}']) {
    writeFileSync(join(folder, ".meshdev/filters.json"), text);
    expect(readFilters(folder)).toEqual(builtInFilters);
  }
});
