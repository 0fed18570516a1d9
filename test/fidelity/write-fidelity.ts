import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findProofs } from "./find-proofs.ts";

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const proofs = findProofs();
const target = file("runtime/config/fidelity/proofs.ts");
writeFileSync(
  target,
  `// oxlint-disable max-lines -- generated
import type { FieldProof } from "./rows.ts";

/** Written by \`npm run docs:fidelity\`; test/fidelity holds it against the cases. */
export const proofs: Readonly<Record<string, FieldProof>> = ${JSON.stringify(proofs)};
`,
);
spawnSync(file("node_modules/.bin/oxfmt"), [target], { stdio: "inherit" });
// It imports what was just written.
const [{ renderFidelityDocs }, { fidelityRows }] = await Promise.all([
  import("../support/fidelity-docs.ts"),
  import("../../runtime/config/fidelity/rows.ts"),
]);
for (const { kind, field, status, proof } of fidelityRows())
  if (status === "enforced" && proof === null) process.stderr.write(`nothing proves ${kind} ${field}\n`);
writeFileSync(file("docs/fidelity.md"), renderFidelityDocs());
