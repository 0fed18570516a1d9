import { homedir } from "node:os";
import { openEngine } from "./host/containers/engine-client.ts";
import { findLeftovers, removeLeftovers, type Leftover } from "./host/containers/leftovers.ts";
import { startOf } from "./host/session-lock.ts";

/** What dead daemons left in this machine's container engine; with `remove` it is gone afterwards. @throws MeshError MD6021 to MD6029 */
export async function pruneContainers(options: {
  readonly remove: boolean;
  readonly volumes: boolean;
}): Promise<readonly Leftover[]> {
  const engine = await openEngine({ env: process.env, home: homedir() });
  const found = await findLeftovers(engine, isAlive, options.volumes);
  if (options.remove) await removeLeftovers(engine, found);
  return found;
}

function isAlive(pid: number): boolean {
  if (startOf(pid) !== undefined) return true;
  if (process.platform === "linux") return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
