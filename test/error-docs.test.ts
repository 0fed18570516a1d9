import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { renderErrorDocs } from "./support/error-docs.ts";

it("docs/errors.md is what the table of codes says (npm run docs:errors)", () => {
  expect(readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8")).toBe(renderErrorDocs());
});
