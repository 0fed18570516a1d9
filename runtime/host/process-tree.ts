import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import type { ResourceUsage } from "../model/state.ts";

/** A process and everything it started, from /proc; empty where there is none. */
export function listProcessTree(pid: number): readonly number[] {
  const tree: number[] = [];
  const queue = [pid];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const text = readOrNothing(`/proc/${next}/task/${next}/children`);
    if (text === undefined) continue;
    tree.push(next);
    for (const child of text.split(" ")) if (child !== "") queue.push(Number(child));
    if (tree.length > 1000) break;
  }
  return tree;
}

/** Inodes of the sockets that the processes hold. */
export function listSocketInodes(pids: readonly number[]): ReadonlySet<string> {
  const inodes = new Set<string>();
  for (const pid of pids) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
        if (inode !== undefined) inodes.add(inode);
      }
    } catch {
      // It ended while we looked.
    }
  }
  return inodes;
}

const pageBytes = 4096;
const ticksPerSecond = 100;

/** Resident memory and processor time of a program with its children; nulls where /proc does not say. */
export function measureUsage(pid: number): ResourceUsage {
  const pids = listProcessTree(pid);
  if (pids.length === 0) return { rssBytes: null, cpuSeconds: null };
  let rssBytes = 0;
  let ticks = 0;
  for (const each of pids) {
    const stat = readOrNothing(`/proc/${each}/stat`);
    if (stat === undefined) continue;
    // Fields 14 and 15 are user and system time, 24 is resident pages; the name in field 2 may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
    rssBytes += Number(fields[21] ?? 0) * pageBytes;
  }
  return { rssBytes, cpuSeconds: ticks / ticksPerSecond };
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
