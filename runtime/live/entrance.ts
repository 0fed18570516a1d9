import { readFileSync } from "node:fs";
import { bindWorkloadsOf } from "../compile/service-index.ts";
import { sessionPaths } from "../host/session.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import type { MeshState } from "../model/state.ts";
import type { ResolvedCall } from "../predict/call.ts";
import type { Entrance } from "../proxy/send-request.ts";
import { toSocketAddress } from "../proxy/address.ts";
import { encodeProxyV2 } from "../wire/proxy-v2.ts";

/** The mesh with the addresses that a running session gave: policies and calls name the same machines on paper and for real. */
export function withLiveAddresses(mesh: Mesh, state: Pick<MeshState, "workloads" | "services">): Mesh {
  const workloads = new Map(state.workloads.map(({ id, address }) => [id, address]));
  const services = new Map(state.services.map(({ hostname, address }) => [hostname, address]));
  return {
    ...mesh,
    workloads: mesh.workloads.map((each) => ({ ...each, address: workloads.get(each.id) ?? each.address })),
    services: mesh.services.map((each) => ({ ...each, address: services.get(each.hostname) ?? each.address })),
  };
}

/** Where calls enter a running mesh. */
export interface Entrances {
  /** By the caller's own sidecar. `port`: where the call says it comes from. */
  readonly bySidecar: (from: Workload, call: ResolvedCall, port: number) => Entrance | undefined;
  /** Straight to the server's sidecar, or to a program without one. */
  readonly direct: (call: ResolvedCall) => Entrance | undefined;
  /** Whom a direct call comes to. */
  readonly serverOf: (call: ResolvedCall) => Workload | undefined;
}

/** `folder`: of the session. */
export function findEntrances(folder: string, mesh: Mesh): Entrances {
  const paths = sessionPaths(folder);
  const workloadsOf = bindWorkloadsOf(mesh);
  const second = aliasOf(mesh.workloads.map(({ id }) => paths.hook(id)));
  const map = second === undefined ? undefined : ({ kind: "alias", second } as const);
  const behind = ({ address, port }: ResolvedCall["target"]): { address: string; port: number } | undefined => {
    const service = mesh.services.find((each) => each.address === address);
    if (service === undefined) return { address, port };
    const target = service.ports.find((each) => each.port === port)?.target;
    const [first] = workloadsOf(service);
    return target === undefined || first === undefined ? undefined : { address: first.address, port: target };
  };
  return {
    serverOf: ({ target }) => mesh.workloads.find(({ address }) => address === behind(target)?.address),
    bySidecar: (from, { target }, port) => {
      const source = { address: from.address, port };
      const preamble = encodeProxyV2({ source, destination: { address: target.address, port: target.port } });
      return preamble && { at: { kind: "unix", path: paths.outbound(from.id) }, from: undefined, preamble };
    },
    direct: ({ from, target }) => {
      const found = behind(target);
      const at = map === undefined || found === undefined ? undefined : toSocketAddress(map, found.address, found.port);
      if (at === undefined || map === undefined) return undefined;
      const local = from === undefined ? undefined : toSocketAddress(map, from.address, 0)?.host;
      return { at: { kind: "tcp", ...at }, from: local, preamble: undefined };
    },
  };
}

/** Second number of the session's loopback addresses, as hooks are told it; undefined: this system has none. */
function aliasOf(hooks: readonly string[]): number | undefined {
  for (const path of hooks) {
    try {
      const config: unknown = JSON.parse(readFileSync(path, "utf8"));
      const alias: unknown = typeof config === "object" && config !== null ? Reflect.get(config, "alias") : undefined;
      if (typeof alias === "number") return alias;
    } catch {
      // The program was never started.
    }
  }
  return undefined;
}
