import type { Cluster, Endpoint } from "../model/snapshot.ts";
import { chooseEndpoint } from "../traffic/choose-endpoint.ts";
import type { ProxyFacts, Trace } from "./trace.ts";
import type { PaperProxy, PaperWorld } from "./world.ts";

export interface Dialled {
  readonly address: string;
  readonly port: number;
}

/** A connection on its way out through the sidecar of the program that opened it. */
export interface Leaving {
  readonly world: PaperWorld;
  readonly proxy: PaperProxy;
  readonly dialled: Dialled;
  readonly trace: Trace;
  readonly note: (facts: Partial<ProxyFacts>) => void;
}

export interface Target {
  readonly address: string;
  readonly port: number;
  readonly endpoint: Endpoint | undefined;
}

/** Where a cluster leads; undefined: nowhere. */
export function chooseTarget(
  leaving: Leaving,
  cluster: Cluster,
  tried: ReadonlySet<Endpoint> | undefined,
): Target | undefined {
  const { dialled } = leaving;
  const isOriginal = cluster.discovery === "original-destination" || cluster.name === "PassthroughCluster";
  if (isOriginal) {
    const endpoint = cluster.endpoints.find((each) => each.address === dialled.address && each.port === dialled.port);
    return { ...dialled, endpoint };
  }
  const endpoint = chooseEndpoint(cluster, leaving.world.turn(cluster.name), tried);
  return endpoint === undefined ? undefined : { address: endpoint.address, port: endpoint.port, endpoint };
}
