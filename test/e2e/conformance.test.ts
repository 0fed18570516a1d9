import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadCase } from "../conformance/case.ts";
import { createSocketsRunner, type SocketsRunner } from "../conformance/sockets/run-sockets.ts";

const directory = fileURLToPath(new URL("../conformance/cases", import.meta.url));
const names = globSync("*/*/*.yaml", { cwd: directory }).map((file) => file.replace(/\.yaml$/, ""));

/** Which cases are drawn: the same ones in every run, until this is changed. */
const seed = "four";
const drawn = 60;

function rank(name: string): string {
  return createHash("sha256").update(`${seed} ${name}`).digest("hex");
}

const always = names.filter((name) => name.startsWith("security/hand/"));
const rest = names.filter((name) => !always.includes(name)).toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
const sample = [...always, ...rest.slice(0, drawn)].toSorted();
const own = fileURLToPath(new URL("../conformance/own", import.meta.url));
const ownNames = globSync("*/*.yaml", { cwd: own }).toSorted();

/** Recorded verdicts of Istio on real sockets: one control plane and one data plane process for all cases. */
describe("recorded cases on real sockets", () => {
  let runner: SocketsRunner;
  let passed = 0;

  beforeAll(async () => {
    // How long things take is for the command to say: here other tests have the machine too.
    runner = await createSocketsRunner({ compareSeconds: false });
  });

  afterAll(async () => {
    await runner[Symbol.asyncDispose]();
  });

  it.each(sample)("%s", async (name) => {
    const results = await runner.run(loadCase(join(directory, `${name}.yaml`)));
    const failures = [...results].flatMap(([id, result]) =>
      result.kind === "failed" ? [[id, result.differences] as const] : [],
    );
    expect(failures).toEqual([]);
    passed += [...results.values()].filter(({ kind }) => kind === "passed").length;
  });

  it.each(ownNames)("own %s", async (name) => {
    const results = await runner.run(loadCase(join(own, name)));
    expect([...results].filter(([, { kind }]) => kind !== "passed")).toEqual([]);
  });

  it("compares most of what it sends", () => {
    expect(passed).toBeGreaterThan(1000);
  });
});
