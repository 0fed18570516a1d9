import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadCase } from "./case.ts";
import { runCase } from "./engine.ts";
import { unexplained } from "./explained.ts";

const directory = fileURLToPath(new URL("cases", import.meta.url));
const known: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL("known.json", import.meta.url), "utf8"),
);
const names = globSync("*/*/*.yaml", { cwd: directory })
  .map((file) => file.replace(/\.yaml$/, ""))
  .toSorted();

const counts = { passed: 0, failed: 0, skipped: 0 };
/** Recorded denials by what the recording says of them: explained with the same policy and rule. */
const explained = { byRule: 0, byDefault: 0 };
/** Those that are not: the run says why. */
const unexplainedDenials = new Map<string, string>();

/** The engine against what Istio and Envoy did: every request of the committed cases. */
describe.each([...new Set(names.map((name) => name.slice(0, name.lastIndexOf("/"))))])("%s", (family) => {
  it.each(names.filter((name) => name.startsWith(`${family}/`)))("%s", (name) => {
    const loaded = loadCase(join(directory, `${name}.yaml`));
    const results = runCase(loaded);
    for (const result of results.values()) counts[result.kind] += 1;
    const failures = [...results].flatMap(([id, result]) =>
      result.kind === "failed" ? [[`${name} ${id}`, result.differences] as const] : [],
    );
    expect(failures.filter(([id]) => known[id] === undefined)).toEqual([]);
    const silent = [...results].flatMap(([id, result]) => {
      const deniedBy = loaded.expected.requests[id]?.deniedBy;
      if (deniedBy === undefined) return [];
      if (result.kind !== "passed" || result.proxies === undefined) {
        unexplainedDenials.set(`${name} ${id}`, result.kind === "skipped" ? result.reason : result.kind);
        return [];
      }
      const missing = unexplained(deniedBy, result.proxies);
      if (missing === undefined) explained[deniedBy === "none" ? "byDefault" : "byRule"] += 1;
      return missing === undefined ? [] : [`${name} ${id}: ${missing}`];
    });
    expect(silent).toEqual([]);
    const mended = Object.keys(known).filter(
      (id) => id.startsWith(`${name} `) && !failures.some(([failed]) => failed === id),
    );
    expect(mended).toEqual([]);
  });
});

it("explains every recorded denial by the policy that the recording names, but for those that need another istiod", () => {
  process.stdout.write(`explained: ${explained.byRule} denials by a rule, ${explained.byDefault} by default\n`);
  expect(explained.byRule).toBeGreaterThan(1_700);
  expect(explained.byDefault).toBeGreaterThan(2_200);
  const denials = ["dns", "notstar", "suffix", "ns", "td"].map(
    (id) => `security/trust-domain/non-spiffe-identity ${id}`,
  );
  expect(Object.fromEntries(unexplainedDenials)).toEqual(
    Object.fromEntries(denials.map((denial) => [denial, "istiod features"])),
  );
});

it("runs most of what is recorded", () => {
  expect(counts.passed).toBeGreaterThan(11_900);
});
