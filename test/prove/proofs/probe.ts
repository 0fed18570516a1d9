import type { ProbeReport } from "../../../runtime/index.ts";
import { createProject } from "../../e2e/support/project.ts";
import { expectedHits, isSpelling, programOf, type Reading, readings } from "../probe-oracle.ts";
import type { Proof } from "../proof.ts";

const modes = ["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"];
const names = Object.keys(readings) as readonly Reading[];

const denyAdmin = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-admin, namespace: default}
spec:
  action: DENY
  rules: [{to: [{operation: {paths: [/admin]}}]}]
`;

/**
 * Programs that read paths in seven ways, behind each of Istio's four normalizations: the hits among spellings of a denied path are exactly
 * those that the reference expects. `count`: how many of the 28 pairs.
 */
export const prove: Proof = async ({ count = modes.length * names.length, progress }) => {
  const failures: string[] = [];
  const sums = { pairs: 0, attempts: 0, hits: 0 };
  for (const mode of modes) {
    const left = names.slice(0, Math.max(0, count - sums.pairs));
    if (left.length === 0) break;
    await using project = createProject({
      "meshdev.yaml": `name: probe\nservices:\n${left.map((name) => `  ${name}: {run: [node, ${name}.mjs], port: 8080}\n`).join("")}mesh: ./mesh\nmeshConfig: {pathNormalization: {normalization: ${mode}}}\n`,
      "mesh/policy.yaml": denyAdmin,
      ...Object.fromEntries(left.map((name) => [`${name}.mjs`, programOf(name)])),
    });
    const up = await project.meshdev("up", "-d");
    if (up.code !== 0) throw new Error(up.stderr);
    for (const reading of left) {
      const { stdout, stderr } = await project.meshdev(
        "probe",
        reading,
        "GET",
        "/admin",
        "--from",
        left.at(reading === left[0] ? -1 : 0) ?? reading,
        "-o",
        "json",
        "--rate",
        "200",
      );
      if (stdout === "") throw new Error(stderr);
      const report = JSON.parse(stdout) as ProbeReport;
      const straight = report.findings.filter(
        (finding) => finding.outcome === "hit" && finding.way === "workload" && isSpelling(finding),
      );
      const found = straight.map(({ technique, name }) => `${technique}: ${name}`).toSorted();
      const expected = expectedHits(mode, reading, "/meshdev-probe-control").toSorted();
      sums.pairs += 1;
      sums.attempts += report.counts.sent;
      sums.hits += found.length;
      progress(`${mode} ${reading}: ${found.length} hits, ${report.counts.hit} with all ways and techniques`);
      if (!report.canTell) failures.push(`${mode} ${reading}: cannot tell`);
      const missing = expected.filter((name) => !found.includes(name));
      const extra = found.filter((name) => !expected.includes(name));
      if (missing.length + extra.length > 0)
        failures.push(`${mode} ${reading}: missing ${missing.join(", ")}; not expected ${extra.join(", ")}`);
    }
  }
  return {
    lines: [
      `${sums.pairs} pairs of normalization and program, ${sums.attempts} requests, ${sums.hits} hits by spelling`,
    ],
    failures,
  };
};
