import type { SocketAddress } from "../model/dataplane.ts";
import type { Mesh, Service, Workload, World } from "../model/mesh.ts";

/** The hook's whole configuration, as JSON in one file that is replaced whole. The hook checks `version`. */
export interface HookConfig {
  readonly version: 1;
  readonly workload: string;
  readonly mode: "meshed" | "outsider";
  /** Own model address. */
  readonly address: string;
  /** Unix socket of the own sidecar; null for an outsider. */
  readonly outbound: string | null;
  /** Local address for an outsider's calls; null lets the system choose. */
  readonly dialFrom: string | null;
  /** Second number of the mesh's 127.x range; null without aliases. */
  readonly alias: number | null;
  /** Declared port → where it really listens. */
  readonly listen: Readonly<Record<string, SocketAddress>>;
  readonly clusterDomain: string;
  readonly search: readonly string[];
  /** Host name → model addresses. */
  readonly names: Readonly<Record<string, readonly string[]>>;
  /** ExternalName services. */
  readonly aliases: Readonly<Record<string, string>>;
  /** For outsiders: `10.96.0.1:80` → sockets of inbound sidecars. */
  readonly endpoints: Readonly<Record<string, readonly { readonly host: string; readonly port: number }[]>>;
  /** Beginnings of addresses that exist in the mesh only. */
  readonly virtual: readonly string[];
}

/** What this machine adds to the model. */
export interface HookPlace {
  /** Unix socket of a workload's outbound side, and of a port of its program. */
  readonly outbound: (workload: string) => string;
  readonly app: (workload: string, port: number) => string;
  /** The socket address that stands for a model address and port. */
  readonly socketAddress: (
    address: string,
    port: number,
  ) => { readonly host: string; readonly port: number } | undefined;
  /** Second number of the session's 127.x range; undefined where there are no aliases. */
  readonly alias: number | undefined;
}

export const clusterDomain = "cluster.local";
const virtual = ["10.96.", "10.244."];

/** What matters of a workload. */
export type Hooked = Pick<Workload, "id" | "namespace" | "sidecar" | "address" | "ports">;

/** Pure: what the hook of one workload must know now. Leases count as workloads without ports. */
export function buildHookConfig(mesh: Mesh, world: World, workload: Hooked, place: HookPlace): HookConfig {
  const { names, aliases } = nameTable(mesh, world);
  const dialFrom = place.alias === undefined ? undefined : place.socketAddress(workload.address, 65535)?.host;
  return {
    version: 1,
    workload: workload.id,
    mode: workload.sidecar ? "meshed" : "outsider",
    address: workload.address,
    outbound: workload.sidecar ? place.outbound(workload.id) : null,
    dialFrom: dialFrom ?? null,
    alias: place.alias ?? null,
    listen: Object.fromEntries(
      workload.ports.flatMap(({ port }) => {
        const at = listenAddress(workload, port, place);
        return at === undefined ? [] : [[String(port), at]];
      }),
    ),
    clusterDomain,
    search: [`${workload.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain],
    names,
    aliases,
    endpoints: workload.sidecar ? {} : endpointTable(mesh, world, place),
    virtual,
  };
}

/** Where a program of the mesh really listens instead of its declared port. */
export function listenAddress(workload: Hooked, port: number, place: HookPlace): SocketAddress | undefined {
  if (workload.sidecar) return { kind: "unix", path: place.app(workload.id, port) };
  const at = place.socketAddress(workload.address, port);
  return at === undefined ? undefined : { kind: "tcp", ...at };
}

/** Host name → model addresses, and ExternalName services that lead out of the mesh. */
export function nameTable(mesh: Mesh, world: World): Pick<HookConfig, "names" | "aliases"> {
  const names: Record<string, readonly string[]> = {};
  const external: [string, string][] = [];
  for (const service of mesh.services) {
    const host = service.hostname.toLowerCase();
    if (service.externalName !== undefined) {
      external.push([host, service.externalName.toLowerCase()]);
    } else if (service.address === "None") {
      const members = membersOf(mesh, service).filter((member) => world.ready.has(member.id));
      names[host] = members.map((member) => member.address);
      for (const member of members) names[`${member.name}.${host}`] = [member.address];
    } else {
      names[host] = [service.address];
    }
  }
  const aliases: Record<string, string> = {};
  for (const [host, target] of external) {
    const inside = names[target];
    if (inside === undefined) aliases[host] = target;
    else names[host] = inside;
  }
  return { names, aliases };
}

/** `10.96.0.1:80` → sockets of inbound sidecars. */
export function endpointTable(mesh: Mesh, world: World, place: HookPlace): HookConfig["endpoints"] {
  const table: Record<string, readonly { readonly host: string; readonly port: number }[]> = {};
  for (const workload of mesh.workloads) {
    for (const { port } of workload.ports) {
      const at = place.socketAddress(workload.address, port);
      if (at !== undefined) table[`${workload.address}:${port}`] = [at];
    }
  }
  for (const service of mesh.services) {
    if (service.address === "None" || service.externalName !== undefined) continue;
    const ready = membersOf(mesh, service).filter((member) => world.ready.has(member.id));
    for (const { port, target } of service.ports) {
      table[`${service.address}:${port}`] = ready.flatMap(
        (member) => place.socketAddress(member.address, target) ?? [],
      );
    }
  }
  return table;
}

function membersOf(mesh: Mesh, service: Service): readonly Workload[] {
  const wanted = Object.entries(service.selector);
  if (wanted.length === 0) return [];
  return mesh.workloads.filter(
    (workload) =>
      workload.namespace === service.namespace && wanted.every(([key, value]) => workload.labels[key] === value),
  );
}
