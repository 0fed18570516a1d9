import type { SoakResult, SoakRow } from "./soak.ts";

const columns = [
  "minute",
  "requests",
  "lost",
  "wrong",
  "generation",
  "daemon RSS",
  "Pss",
  "heap",
  "fds",
  "data plane RSS",
  "Pss",
  "heap",
  "external",
  "fds",
] as const;

/** A table in Markdown; sizes in MB. */
export const soakHead = `| ${columns.join(" | ")} |\n|${columns.map(() => "---:|").join("")}`;

export function soakLine({ minute, requests, lost, wrong, generation, daemon, dataPlane }: SoakRow): string {
  const cells = [
    minute.toFixed(minute % 1 === 0 ? 0 : 1),
    requests,
    lost,
    wrong,
    generation,
    ...[daemon.rss, daemon.pss, daemon.heap].map(megabytes),
    daemon.descriptors,
    ...[dataPlane.rss, dataPlane.pss, dataPlane.heap, dataPlane.external].map(megabytes),
    dataPlane.descriptors,
  ];
  return `| ${cells.join(" | ")} |`;
}

export function soakSummary({ kinds, bitCalls, outside, faults, restarts }: SoakResult): string {
  const lines = Object.entries({ ...kinds, "published port": outside }).map(
    ([name, { done, lost, wrong, last }]) => `| ${name} | ${done} | ${lost} | ${wrong} | ${last} |`,
  );
  return [
    "",
    "| kind | as it should | lost | wrong | last fault |",
    "|---|---:|---:|---:|---|",
    ...lines,
    `| policy that flips | ${bitCalls.right + bitCalls.either} | ${bitCalls.lost} | ${bitCalls.wrong} | ${faults.at(-1) ?? ""} |`,
    "",
    `data plane replaced: ${restarts}`,
  ].join("\n");
}

function megabytes(value: number): string {
  return Number.isFinite(value) ? value.toFixed(1) : "-";
}
