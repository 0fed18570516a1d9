import { readFileSync } from "node:fs";

/** Whether a process was stopped by a signal or a debugger. Undefined where the system does not tell (no /proc). */
export function isProcessStopped(pid: number): boolean | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name may hold anything, even parentheses: the state follows the last one.
    const state = stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
    return state === "T" || state === "t";
  } catch {
    return undefined;
  }
}
