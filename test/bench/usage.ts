import { readFileSync, readdirSync } from "node:fs";

/** What processes use, from /proc (Linux). */

/** A process and everything below it. */
export function withDescendants(pid: number): readonly number[] {
  const found: number[] = [];
  const visit = (each: number): void => {
    found.push(each);
    for (const thread of readdirSync(`/proc/${each}/task`)) {
      const children = readFileSync(`/proc/${each}/task/${thread}/children`, "utf8").trim();
      if (children !== "") for (const child of children.split(" ")) visit(Number(child));
    }
  };
  visit(pid);
  return found;
}

/** CPU seconds that a process has used, in user and system mode, all threads together. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export interface Memory {
  /** Resident set size, MiB. */
  readonly rss: number;
  /** Proportional set size, MiB: shared pages count by the share. */
  readonly pss: number;
}

export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const value = (name: string): number =>
    Number(new RegExp(String.raw`^${name}:\s+(\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN) / 1024;
  return { rss: value("Rss"), pss: value("Pss") };
}

export function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
