import type { AddressMap } from "../model/dataplane.ts";
import type { ServiceView, WorkloadView } from "../model/state.ts";
import { toSocketAddress } from "../proxy/address.ts";
import type { Entrance } from "../proxy/send-request.ts";
import { encodeProxyV2 } from "../wire/proxy-v2.ts";
import { listProcessTree, listSocketInodes } from "../host/process-tree.ts";
import { readTcpTable } from "../host/tcp-table.ts";

/** Where attempts enter the mesh, and as whom. */
export interface WayIn {
  /** The service whose identity is borrowed; null: somebody outside of the mesh. */
  readonly caller: string | null;
  /** `sidecar`: by the caller's own; `workload`: straight to the callee's sidecar; `application`: past every sidecar. */
  readonly way: "sidecar" | "workload" | "application";
  /** Where to, for people: `backend:8080`, `backend-1`, `127.0.0.1:39021`. */
  readonly to: string;
  readonly entrance: Entrance;
}

/** What the hook of a leased caller is told; of it all that is needed to speak in its stead. */
export interface CallerPlace {
  readonly address: string;
  readonly outbound: string | null;
  readonly dialFrom: string | null;
  readonly alias: number | null;
}

export interface Callee {
  readonly service: ServiceView;
  readonly port: ServiceView["ports"][number];
  readonly members: readonly WorkloadView[];
}

/** By the sidecar of a caller; a caller without one calls the workloads themselves, from its own address. */
export function waysOfCaller(caller: string, place: CallerPlace, callee: Callee): readonly WayIn[] {
  if (place.outbound === null) return waysToMembers(caller, place, callee, place.dialFrom ?? undefined);
  const destination = callee.service.address === "None" ? callee.members[0]?.address : callee.service.address;
  const port = callee.service.address === "None" ? callee.port.target : callee.port.port;
  if (destination === undefined) return [];
  const preamble = encodeProxyV2({
    source: { address: place.address, port: 0 },
    destination: { address: destination, port },
  });
  if (preamble === undefined) return [];
  const entrance: Entrance = { at: { kind: "unix", path: place.outbound }, from: undefined, preamble };
  return [{ caller, way: "sidecar", to: `${shortName(callee)}:${callee.port.port}`, entrance }];
}

/** Straight to the sidecars of the callee's workloads, as somebody of whom the mesh knows nothing. */
export function waysToMembers(
  caller: string | null,
  { alias }: Pick<CallerPlace, "alias">,
  { members, port }: Callee,
  from?: string,
): readonly WayIn[] {
  const map: AddressMap | undefined = alias === null ? undefined : { kind: "alias", second: alias };
  return members
    .filter((member) => member.sidecar)
    .flatMap((member): WayIn[] => {
      const published = member.published.find((each) => each.port === port.target);
      const at =
        map === undefined
          ? published && { host: "127.0.0.1", port: published.hostPort }
          : toSocketAddress(map, member.address, port.target);
      if (at === undefined) return [];
      const entrance: Entrance = { at: { kind: "tcp", ...at }, from, preamble: undefined };
      return [{ caller, way: "workload", to: member.id, entrance }];
    });
}

/** Every TCP port at which a program of the callee listens by itself, past its sidecar: none, when its hook caught it (Linux). */
export function waysPastSidecars({ members }: Pick<Callee, "members">): readonly WayIn[] {
  const table = readTcpTable("/proc").filter(({ state }) => state === "listen");
  return members.flatMap(({ state }) => {
    if (!("pid" in state)) return [];
    const inodes = listSocketInodes(listProcessTree(state.pid));
    return table
      .filter(({ inode }) => inodes.has(inode))
      .flatMap(({ local }): WayIn[] => {
        const host = local.address === "::" || local.address === "::1" ? "::1" : local.address;
        const at = host === "0.0.0.0" ? "127.0.0.1" : host;
        const entrance: Entrance = {
          at: { kind: "tcp", host: at, port: local.port },
          from: undefined,
          preamble: undefined,
        };
        return [
          { caller: null, way: "application", to: `${at.includes(":") ? `[${at}]` : at}:${local.port}`, entrance },
        ];
      });
  });
}

function shortName({ service }: Callee): string {
  return service.hostname.split(".")[0] ?? service.hostname;
}
