import { readFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";

/** Below these nothing is divided further: a deletion must go live some day, however busy the machine. */
const leastWithBusyProcessors = 0.1;
const leastWithBusyDisk = 0.05;

/**
 * How much of its usual pace another program can be expected to keep, 1 on a quiet machine: from the pressure that Linux reports (share of
 * the last ten seconds in which somebody waited for a processor, or for a disk), elsewhere from the load.
 */
export function machinePace(): number {
  const cpu = waiting("cpu");
  const io = waiting("io");
  if (cpu === undefined || io === undefined)
    return paceOf(1 - availableParallelism() / Math.max(1, loadavg()[0] ?? 0), 0);
  return paceOf(cpu, io);
}

/** `cpu`, `io`: share of time in which somebody had to wait. Few waits for a disk are already long ones: a full journal stops all writers. */
export function paceOf(cpu: number, io: number): number {
  return Math.min(1, Math.max(leastWithBusyProcessors, 1 - cpu), Math.max(leastWithBusyDisk, 1 - 4 * io));
}

function waiting(what: "cpu" | "io"): number | undefined {
  try {
    const share = /^some avg10=([\d.]+)/.exec(readFileSync(`/proc/pressure/${what}`, "utf8"))?.[1];
    return share === undefined ? undefined : Number(share) / 100;
  } catch {
    return undefined;
  }
}
