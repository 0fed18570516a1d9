import { createServer } from "node:net";
import { MeshError } from "../core/error.ts";
import type { AddressMap } from "../model/dataplane.ts";
import type { Workload } from "../model/mesh.ts";
import { claimAliasRange } from "./alias-range.ts";
import { tableFor } from "./placement.ts";

/** How this machine stands in for model addresses. */
export interface MachineAddresses {
  readonly mapFor: (workloads: readonly Workload[]) => AddressMap;
  /** The session's own second number in 127.x.a.b; undefined without aliases. */
  readonly second: number | undefined;
  readonly release: () => void;
}

/** Linux binds all of 127.0.0.0/8; elsewhere every port gets one of 127.0.0.1. Throws MD7007. */
export async function claimMachineAddresses(platform: NodeJS.Platform): Promise<MachineAddresses> {
  if (platform !== "linux") {
    let map: AddressMap | undefined;
    const free = await findFreePorts(400);
    return {
      mapFor: (workloads) => (map = tableFor(workloads, map, () => free.pop() ?? 0)),
      second: undefined,
      release: () => undefined,
    };
  }
  const claim = await claimAliasRange();
  if (claim === undefined)
    throw new MeshError("MD7007", "every range 127.x.0.0/16 is used by another mesh", {
      hint: "stop one with `meshdev down`",
    });
  const map: AddressMap = { kind: "alias", second: claim.second };
  return { mapFor: () => map, second: claim.second, release: claim.release };
}

async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.once("error", () => {
            resolve(0);
          });
          server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            resolve(typeof address === "object" && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  for (const server of servers) server.close();
  return ports.filter((port) => port > 0);
}
