import type { ProxyId } from "../model/snapshot.ts";
import type { TrafficCounts } from "../model/state.ts";
import { addCounts } from "../store/reduce.ts";
import { noTraffic } from "../store/initial-state.ts";

/** Totals since the start of the mesh, over the lives of several data planes. */
export interface TrafficTotals {
  /** Takes what the running data plane counted since it began and gives the totals of all lives. */
  readonly update: (counts: Readonly<Record<ProxyId, TrafficCounts>>) => Readonly<Record<ProxyId, TrafficCounts>>;
  /** The data plane is gone; the next one counts from zero. */
  readonly keep: () => void;
}

export function createTrafficTotals(): TrafficTotals {
  const ended = new Map<ProxyId, TrafficCounts>();
  const running = new Map<ProxyId, TrafficCounts>();
  return {
    update: (counts) => {
      for (const [proxy, each] of Object.entries(counts)) running.set(proxy, each);
      const proxies = new Set([...ended.keys(), ...running.keys()]);
      return Object.fromEntries(
        Array.from(proxies, (proxy): [ProxyId, TrafficCounts] => [
          proxy,
          addCounts(ended.get(proxy) ?? noTraffic, running.get(proxy) ?? noTraffic),
        ]),
      );
    },
    keep: () => {
      for (const [proxy, each] of running) ended.set(proxy, addCounts(ended.get(proxy) ?? noTraffic, each));
      running.clear();
    },
  };
}
