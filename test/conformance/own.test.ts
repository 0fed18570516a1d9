import { globSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { loadCase } from "./case.ts";
import { runCase } from "./engine.ts";

const directory = fileURLToPath(new URL("own", import.meta.url));
const names = globSync("*/*.yaml", { cwd: directory }).toSorted();

/** The engine against what the specification says, in cases of our own: its gotchas by number, and suites of Istio's tests. */
it.each(names)("%s", (name) => {
  const loaded = loadCase(join(directory, name));
  const results = [...runCase(loaded)];
  expect(results.filter(([, { kind }]) => kind !== "passed")).toEqual([]);
  expect(results).toHaveLength(loaded.case.requests.length);
});
