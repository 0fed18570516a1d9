import type { Clock } from "../core/clock.ts";
import type { ProxyId, ProxySnapshot } from "../model/snapshot.ts";
import { bindInbound, type BoundInbound } from "../policy/bind-inbound.ts";

/** One of the two meshes that are compared. */
export interface Side {
  /** Null: a draft. */
  readonly generation: number | null;
  readonly snapshots: ReadonlyMap<ProxyId, ProxySnapshot>;
}

/** Binds the sections that calls came to, each once for both sides. */
export function bindSections(clock: Pick<Clock, "now">): (snapshot: ProxySnapshot) => BoundInbound {
  const bound = new Map<string, BoundInbound>();
  return ({ hashes, inbound }) => {
    const known = bound.get(hashes.inbound) ?? bindInbound(inbound, clock);
    bound.set(hashes.inbound, known);
    return known;
  };
}
