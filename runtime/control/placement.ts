import type { AddressMap, Placement, SocketAddress } from "../model/dataplane.ts";
import type { Workload } from "../model/mesh.ts";
import { relayFiles } from "../model/relay.ts";

/** Where the sockets of a session are: names of files are the host's business. */
export interface SocketPaths {
  readonly outbound: (workload: string) => string;
  readonly app: (workload: string, port: number) => string;
  readonly podSocket: (workload: string, name: string) => string;
}

/** Ports below this need a right to bind; the alias uses them shifted by `shiftedBy`. */
const firstFreePort = 1024;
const shiftedBy = 10_000;

/** `10.244.a.b:p` as the socket address that stands for it; undefined when a table does not name it. */
export function socketAddress(
  map: AddressMap,
  address: string,
  port: number,
): { readonly host: string; readonly port: number } | undefined {
  if (map.kind === "table") return map.entries[`${address}:${port}`];
  if (map.kind === "pods" && map.outsiders.includes(address)) return { host: address, port };
  const shifted = map.kind === "alias" && port < firstFreePort ? port + shiftedBy : port;
  return { host: aliasHost(map.second, address), port: shifted };
}

function aliasHost(second: number, address: string): string {
  const [, , a = "0", b = "0"] = address.split(".");
  return `127.${second}.${a}.${b}`;
}

/** Places one sidecar. `inTheOpen`: ports on which the program was seen to listen on TCP, since no hook could enter it. */
export function placeSidecar(
  workload: Workload,
  map: AddressMap,
  paths: SocketPaths,
  inTheOpen: ReadonlySet<number>,
): Placement {
  if (workload.program?.container !== undefined) return placeContainer(workload, map, paths);
  if (map.kind === "pods") return placePod(workload, map.second, paths);
  const inbound = workload.ports.flatMap(({ port }) => {
    const at = socketAddress(map, workload.address, port);
    return at === undefined ? [] : [{ port, host: at.host, listen: at.port }];
  });
  const app: Record<string, SocketAddress> = {};
  for (const { port } of workload.ports) {
    if (!inTheOpen.has(port)) app[port] = { kind: "unix", path: paths.app(workload.id, port) };
  }
  return {
    proxy: workload.id,
    inbound: [...inbound, ...publishedOf(workload)],
    app,
    appHost: "127.0.0.1",
    outbound: paths.outbound(workload.id),
    dialFrom: map.kind === "alias" ? aliasHost(map.second, workload.address) : undefined,
  };
}

/** Host ports lead to the inbound side: an outside caller without identity. */
function publishedOf({ publish }: Workload): Placement["inbound"] {
  return publish.flatMap(({ hostPort, port }) => [
    { port, host: "127.0.0.1", listen: hostPort },
    { port, host: "::1", listen: hostPort },
  ]);
}

/** A pod's program is where the model says; what comes in and goes out of it is captured, so that only host ports are listened on. */
function placePod(workload: Workload, second: number, paths: SocketPaths): Placement {
  return {
    proxy: workload.id,
    inbound: publishedOf(workload),
    app: {},
    appHost: workload.address,
    // A leased caller comes by its socket. For resends there is one that no program finds: its name exists in the mesh namespace only.
    outbound: workload.program === undefined ? paths.outbound(workload.id) : `\0meshdev/${workload.id}`,
    dialFrom: aliasHost(second, workload.address),
  };
}

/**
 * A container pod's sockets are in the folder that its relay shares with us; nothing else leads there, so that an undeclared port is dialled at an
 * address that nobody has.
 */
function placeContainer(workload: Workload, map: AddressMap, paths: SocketPaths): Placement {
  const isCaptured = map.kind === "pods";
  const inbound = workload.ports.flatMap(({ port }) => {
    const at = isCaptured ? undefined : socketAddress(map, workload.address, port);
    return at === undefined ? [] : [{ port, host: at.host, listen: at.port }];
  });
  return {
    proxy: workload.id,
    inbound: [...inbound, ...publishedOf(workload)],
    app: Object.fromEntries(
      workload.ports.map(({ port }): [number, SocketAddress] => [
        port,
        { kind: "unix", path: paths.podSocket(workload.id, relayFiles.inbound(port)) },
      ]),
    ),
    appHost: nobody,
    outbound: paths.podSocket(workload.id, relayFiles.outbound),
    dialFrom: map.kind === "table" ? undefined : aliasHost(map.second, workload.address),
  };
}

/** Connections to the broadcast address are refused by the system itself. */
const nobody = "255.255.255.255";

/** For systems without loopback aliases: every workload port gets a port of 127.0.0.1 that `free` hands out; known ones keep theirs. */
export function tableFor(
  workloads: readonly Workload[],
  before: AddressMap | undefined,
  free: () => number,
): AddressMap {
  const known = before?.kind === "table" ? before.entries : {};
  const entries: Record<string, { readonly host: string; readonly port: number }> = {};
  for (const workload of workloads) {
    for (const { port } of workload.ports) {
      const key = `${workload.address}:${port}`;
      entries[key] = known[key] ?? { host: "127.0.0.1", port: free() };
    }
  }
  return { kind: "table", entries };
}

/** Model address → workload id, to name callers in events. */
export function callerNames(workloads: readonly Workload[]): Readonly<Record<string, string>> {
  return Object.fromEntries(workloads.map((workload) => [workload.address, workload.id]));
}
