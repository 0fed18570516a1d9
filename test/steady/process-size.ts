import { readdirSync, readFileSync } from "node:fs";

/** What a process holds, from /proc; sizes in MB. */
export interface ProcessSize {
  readonly rss: number;
  readonly pss: number;
  readonly descriptors: number;
}

export function processSize(pid: number): ProcessSize {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1] ?? Number.NaN) / 1024;
  return { rss: field("Rss"), pss: field("Pss"), descriptors: readdirSync(`/proc/${pid}/fd`).length };
}
