import { expect, test } from "vitest";
import { findProgram } from "../bench/chains/program.ts";
import { createCertificates } from "../conformance/sockets/certificates.ts";
import { compareWithEnvoy } from "./compare.ts";

/** The short part of `npm run differential`, wherever an `envoy` is in PATH. */
const envoy = findProgram("envoy", "MESHDEV_ENVOY");

test.skipIf(envoy === undefined)(
  "a real Envoy decides random requests under policies that we compiled as our engine does",
  async ({ skip }) => {
    if (envoy === undefined) return skip("envoy is not in PATH");
    const batch = { seed: 7, scenarios: 60, perScenario: 24 };
    const { counts, disagreements } = await compareWithEnvoy(envoy, await createCertificates(), batch);
    const told = [...counts].map(([what, count]) => `${what} ${count}`).toSorted();
    process.stdout.write(`differential: ${told.join(", ")}\n`);
    expect(
      disagreements.map(({ connection, request, envoy: theirs, ours }) => ({ connection, request, theirs, ours })),
    ).toEqual([]);
    for (const what of ["http 200", "http 403", "tcp echo", "tcp closed"]) expect(counts.get(what)).toBeGreaterThan(20);
  },
  120_000,
);
