import type { CaseReport, TestReport } from "../door.ts";

/** Test Anything Protocol 14, with YAML blocks for what failed. */
export function tapText({ cases }: TestReport): string {
  return `TAP version 14\n1..${cases.length}\n${cases.map(point).join("")}`;
}

function point(report: CaseReport, index: number): string {
  const { name, at, failures, disagreement, offline, live, skipped } = report;
  const ok = failures.length === 0 && disagreement === null;
  const title = `${at.file}:${at.line} ${name}`.replaceAll(/[\r\n]/g, " ").replaceAll(/[\\#]/g, (mark) => `\\${mark}`);
  const isSkipped = offline === null && live === null;
  const head = `${ok ? "ok" : "not ok"} ${index + 1} - ${title}${isSkipped ? ` # SKIP ${(skipped ?? "").replaceAll(/[\r\n]/g, " ")}` : ""}\n`;
  if (ok) return head;
  const by = (offline ?? live)?.by;
  const fields: readonly (readonly [name: string, value: string])[] = [
    ["message", [...failures, ...(disagreement === null ? [] : [disagreement])].join("; ")],
    ["at", `${at.file}:${at.line}:${at.column}`],
    ["expected", report.expected.verdict],
    ["actual", (offline ?? live)?.verdict ?? ""],
    ...(by === null || by === undefined
      ? []
      : [["decidedBy", `${by.resource} ${by.file}:${by.line}:${by.column}`] as const]),
  ];
  // A JSON text is a YAML scalar.
  return `${head}  ---\n${fields.map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`).join("")}  ...\n`;
}
