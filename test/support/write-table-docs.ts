import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { renderFilterDocs } from "./filter-docs.ts";
import { renderKeyDocs } from "./key-docs.ts";

const docs: Readonly<Record<string, string>> = { "filters.md": renderFilterDocs(), "keys.md": renderKeyDocs() };
for (const [name, text] of Object.entries(docs))
  writeFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), text);
