import type { Workload } from "../model/mesh.ts";
import type { TcpEntry } from "./tcp-table.ts";

export interface Bypass {
  /** Declared ports on which the program listens on TCP, past the hook. */
  readonly listening: readonly number[];
  /** `93.184.216.34:443`: where it connects without its sidecar. */
  readonly connected: readonly string[];
}

/**
 * What a meshed program does past its sidecar, from the kernel's table and the program's own sockets. A captured program has no TCP
 * connection that leaves the machine: the hook makes them Unix sockets.
 * @param alias second number of the 127.x range where sidecars listen
 */
export function findBypass(
  workload: Pick<Workload, "ports" | "sidecar">,
  table: readonly TcpEntry[],
  inodes: ReadonlySet<string>,
  alias: number | undefined,
): Bypass {
  if (!workload.sidecar) return { listening: [], connected: [] };
  const own = table.filter((entry) => inodes.has(entry.inode));
  const open = new Set(own.filter((entry) => entry.state === "listen").map((entry) => entry.local.port));
  const listening = workload.ports.map(({ port }) => port).filter((port) => open.has(port));
  const connected = own
    .filter(
      (entry) =>
        entry.state === "established" && !open.has(entry.local.port) && !isInnocent(entry.remote.address, alias),
    )
    .map((entry) => `${entry.remote.address}:${entry.remote.port}`);
  return { listening, connected: [...new Set(connected)] };
}

function isInnocent(address: string, alias: number | undefined): boolean {
  if (alias !== undefined && address.startsWith(`127.${alias}.`)) return false;
  return address.startsWith("127.") || address === "::1";
}
