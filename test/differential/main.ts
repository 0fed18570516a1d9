import { parseArgs } from "node:util";
import { findProgram } from "../bench/chains/program.ts";
import { createCertificates } from "../conformance/sockets/certificates.ts";
import { writtenCase } from "../reference/random/case.ts";
import { compareWithEnvoy } from "./compare.ts";

/**
 * `npm run differential -- [--decisions 50000] [--seed 1]`: random policies, compiled by us, in a real Envoy; random requests, decided by
 * both. Prints every disagreement as a case and ends with how many decisions agreed. Skipped where there is no Envoy.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { decisions: { type: "string", default: "50000" }, seed: { type: "string", default: "1" } },
  });
  const envoy = findProgram("envoy", "MESHDEV_ENVOY");
  if (envoy === undefined) {
    process.stdout.write("skipped: envoy is not in PATH (docs/performance.md says where its binary is)\n");
    return 0;
  }
  const certificates = await createCertificates();
  const sums = new Map<string, number>();
  let decisions = 0;
  let disagreements = 0;
  for (let seed = Number(values.seed); decisions < Number(values.decisions); seed += 1) {
    const compared = await compareWithEnvoy(envoy, certificates, { seed, scenarios: 200, perScenario: 48 });
    for (const [what, count] of compared.counts) {
      sums.set(what, (sums.get(what) ?? 0) + count);
      decisions += count;
    }
    disagreements += compared.disagreements.length;
    for (const { scenario, connection, request, envoy: theirs, ours } of compared.disagreements.slice(0, 5)) {
      const about = JSON.stringify({ connection, request, envoy: theirs, ours }, undefined, 1);
      process.stdout.write(`DISAGREE (seed ${seed})\n${about}\n${writtenCase({ ...scenario.spec, requests: [] })}\n`);
    }
    process.stderr.write(`seed ${seed}: ${decisions} decisions, ${disagreements} disagreements\n`);
  }
  const told = [...sums].map(([what, count]) => `${what} ${count}`).toSorted();
  process.stdout.write(`${decisions} decisions, ${disagreements} disagreements (${told.join(", ")})\n`);
  return disagreements > 0 ? 1 : 0;
}

process.exitCode = await main();
