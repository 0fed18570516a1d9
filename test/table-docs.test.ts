import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { renderFilterDocs } from "./support/filter-docs.ts";
import { renderKeyDocs } from "./support/key-docs.ts";

it.each([
  ["filters.md", renderFilterDocs()],
  ["keys.md", renderKeyDocs()],
])("docs/%s is what its table says (npm run docs:tables)", (name, text) => {
  expect(readFileSync(new URL(`../docs/${name}`, import.meta.url), "utf8")).toBe(text);
});
