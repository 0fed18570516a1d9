import type { Comparison } from "./comparison.ts";
import type { Row } from "./row.ts";
import { shapes } from "./shape.ts";
import { ratioOf, type Target } from "./targets.ts";

const requestColumns = ["CPU µs/req", "req/s", "p50 ms", "p99 ms"];
const pourColumns = ["CPU s/GB", "Gbit/s", "", ""];

/** The comparison as text: shape by shape, chains below each other, then what was promised. */
export function table({ rows, skipped }: Comparison, targets: readonly Target[]): string {
  const lines: string[] = [];
  for (const shape of shapes) {
    const here = rows.filter(
      (row) =>
        row.protocol === shape.protocol && row.connections === shape.connections && row.bodyBytes === shape.bodyBytes,
    );
    if (here.length === 0) continue;
    const columns = shape.protocol === "tcp" ? pourColumns : requestColumns;
    lines.push("", shape.name, format(["", ...columns, "RSS MiB", "Pss MiB", "x Envoy", "x nginx"]));
    const base = (chain: string): Row | undefined => here.find((row) => row.chain === chain);
    for (const row of here) {
      const figures =
        shape.protocol === "tcp"
          ? [row.cpuSecondsPerGB, row.gigabitsPerSecond, null, null]
          : [row.cpuMicrosPerRequest, row.requestsPerSecond, row.p50Ms, row.p99Ms];
      const last = [row.rssMiB, row.pssMiB, ratioOf(row, base("envoy")) ?? null, ratioOf(row, base("nginx")) ?? null];
      lines.push(format([row.chain, ...[...figures, ...last].map((value) => value?.toString() ?? "")]));
    }
  }
  if (targets.length > 0) lines.push("", "Promised");
  for (const { what, ratio, limit } of targets) {
    const verdict = ratio === undefined ? "not measured" : ratio <= limit ? "kept" : "missed";
    lines.push(
      `  ${what.padEnd(72)} ${(ratio?.toString() ?? "-").padStart(7)}  <= ${String(limit).padEnd(4)}  ${verdict}`,
    );
  }
  if (skipped.length > 0) lines.push("", "Skipped");
  for (const { chain, shape, reason } of skipped) lines.push(`  ${chain}, ${shape}: ${reason}`);
  return `${lines.join("\n")}\n`;
}

function format([name = "", ...values]: readonly string[]): string {
  return `  ${name.padEnd(34)}${values.map((value) => value.padStart(11)).join("")}`.trimEnd();
}
