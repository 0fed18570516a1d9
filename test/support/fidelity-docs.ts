import { type FidelityRow, fidelityRows } from "../../runtime/config/fidelity/rows.ts";

/** docs/fidelity.md. */
export function renderFidelityDocs(): string {
  const rows = fidelityRows();
  const count = (status: FidelityRow["status"]): number => rows.filter((row) => row.status === status).length;
  const proven = (by: RegExp): number =>
    rows.filter(({ status, proof }) => status === "enforced" && proof !== null && by.test(proof.by)).length;
  const byKind = Map.groupBy(rows, ({ kind }) => kind);
  return `# Fidelity

What meshdev does with each field of Istio's API. \`meshdev fidelity\` prints the same table, \`meshdev check\` warns of every use of what is ignored or approximated
(MD2001, MD2002): all three come from one table.

A field is called **enforced** only with a proof. *removed* and *changed*: all verdicts of that conformance case are met, and one is missed once the field is taken
away or given another value. Cases below \`own/\` are ours, all others are recorded from real Istio and Envoy. *tested*: the tests of that file; what the field does
shows in no answer. \`npm run docs:fidelity\` finds the proofs, \`npm test\` repeats them.
Where a message stands in several places, a proof of one of them counts for all, and is marked ↑.

${count("enforced")} enforced, ${count("approximated")} approximated, ${count("ignored")} ignored (a part that is ignored as a whole is one row).
Of those that are enforced ${proven(/^(?!own\/|test\/)/)} were compared with real Istio and Envoy 1.40 in recordings, ${proven(/^own\//)} have cases of our own, ${proven(/^test\//)} tests only.

${[...byKind].map(([kind, each]) => section(kind, each)).join("\n\n")}
`;
}

function section(kind: string, rows: readonly FidelityRow[]): string {
  const lines = rows.map(({ field, status, note, proof }) => {
    const by = proof === null ? "" : `${proof.by}, ${proof.how}${proof.at === undefined ? "" : " ↑"}`;
    return `| \`${field}\` | ${status} | ${[note, by].filter((text) => text !== null && text !== "").join("; ")} |`;
  });
  return [`## ${kind}`, "", "| field | status | difference; proof |", "|---|---|---|", ...lines].join("\n");
}
