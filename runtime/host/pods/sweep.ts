import { readdir, readlink } from "node:fs/promises";
import type { Clock } from "../../core/clock.ts";

const rounds = 40;
const pauseMs = 5;

/** Ends every process of the namespaces, whatever group or session it is in; says whether none is left. */
export async function sweepNamespaces(inodes: ReadonlySet<string>, clock: Clock): Promise<boolean> {
  for (let round = 0; round < rounds; round++) {
    const found = await processesIn(inodes);
    if (found.length === 0) return true;
    for (const pid of found) kill(pid);
    await new Promise<void>((done) => {
      clock.after(pauseMs, done);
    });
  }
  return false;
}

/** Processes whose network namespace is one of these. One that has ended and waits for its parent has none. */
async function processesIn(inodes: ReadonlySet<string>): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const links = await Promise.all(
    pids.map(async (pid) => {
      try {
        return inodes.has(await readlink(`/proc/${pid}/ns/net`)) ? [pid] : [];
      } catch {
        // Gone, or another user's.
        return [];
      }
    }),
  );
  return links.flat();
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
