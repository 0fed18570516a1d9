import type { FidelityRow } from "../door.ts";
import { type Line, seg } from "./segment.ts";
import { tableLines } from "./table.ts";

const tones = { enforced: "good", approximated: "warn", ignored: "bad" } as const;

/** A table per kind, and how many fields there are of each status. */
export function fidelityLines(rows: readonly FidelityRow[], columns: number): readonly Line[] {
  const byKind = [...Map.groupBy(rows, ({ kind }) => kind)];
  const count = (status: FidelityRow["status"]): number => rows.filter((row) => row.status === status).length;
  return [
    ...byKind.flatMap(([kind, each]) => [[seg(kind, "title")], ...kindLines(each, columns), []]),
    [
      seg(
        `${count("enforced")} enforced, ${count("approximated")} approximated, ${count("ignored")} ignored`,
        "strong",
      ),
      seg("; `removed` and `changed`: a recorded verdict is missed without the field", "dim"),
    ],
  ];
}

function kindLines(rows: readonly FidelityRow[], columns: number): readonly Line[] {
  return tableLines(
    [{ title: "FIELD" }, { title: "STATUS" }, { title: "PROOF", priority: 1 }, { title: "DIFFERENCE" }],
    rows.map(({ field, status, proof, note }) => [
      seg(field.replace(/^(?:spec|meshConfig|proxyConfig)\./, "")),
      seg(status, tones[status]),
      seg(proof === null ? "" : `${proof.by} ${proof.how}${proof.at === undefined ? "" : " elsewhere"}`, "dim"),
      seg(note ?? ""),
    ]),
    columns,
  );
}
