import { globSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type CaseWorkload, type ExpectedRequest, type LoadedCase, loadCase } from "../conformance/case.ts";
import { referenceOf } from "./outcome.ts";

/** The reference evaluator against real Istio: what it says of recorded requests must be what was recorded. */
const directory = fileURLToPath(new URL("../conformance/cases/security", import.meta.url));
const names = globSync("*/*.yaml", { cwd: directory }).toSorted();
let compared = 0;

function addressOf({ expected }: LoadedCase): (workload: CaseWorkload) => string {
  return (workload) =>
    workload.ip ?? expected.addresses?.[`${workload.name}.${workload.namespace ?? "default"}`] ?? "0.0.0.0";
}

function recorded(expected: ExpectedRequest): Readonly<Record<string, unknown>> {
  const { outcome, deniedBy, allowedBy } = expected;
  return { outcome: outcome.startsWith("app-rejected") ? "http:200" : outcome, deniedBy, allowedBy };
}

describe.each([...new Set(names.map((name) => name.slice(0, name.indexOf("/"))))])("%s", (family) => {
  it("is as recorded", () => {
    const differences: unknown[] = [];
    for (const name of names.filter((each) => each.startsWith(`${family}/`))) {
      const loaded = loadCase(join(directory, name));
      if ((loaded.expected.config ?? []).some((document) => document.rejected !== undefined)) continue;
      // It does not know what tokens do to headers either.
      if (/output(?:Claim|Payload)To/.test(loaded.case.config)) continue;
      const reference = referenceOf(loaded.case);
      for (const request of loaded.case.requests) {
        const expected = loaded.expected.requests[request.id];
        if (expected === undefined || /authorization|access_token|eyJ/i.test(JSON.stringify(request))) continue;
        // The reference verifies no tokens.
        if (expected.outcome === "http:401" || request.jwt !== undefined) continue;
        // Providers of a case's own may be anything.
        if (loaded.case.mesh["extensionProviders"] !== undefined) continue;
        const said = reference(request, { addressOf: addressOf(loaded) });
        if (said === undefined) continue;
        compared += 1;
        const { allowedBy, ...wanted } = recorded(expected);
        // Who allowed is recorded of HTTP requests only.
        const told = { outcome: said.outcome, deniedBy: said.deniedBy };
        if (JSON.stringify(told) !== JSON.stringify(wanted) || (allowedBy ?? said.allowedBy) !== said.allowedBy)
          differences.push({ at: `${name} ${request.id}`, said, recorded: recorded(expected) });
      }
    }
    expect(differences).toEqual([]);
  });
});

it("speaks of most of what is recorded", () => {
  process.stdout.write(`reference: ${compared} recorded requests\n`);
  expect(compared).toBeGreaterThan(5000);
});
