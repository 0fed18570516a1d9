import type { RelayPlan } from "../../model/relay.ts";
import { isTcpPort } from "../../model/relay.ts";

/** Where relays listen for the first captured port; Istio's sidecars keep 15000 and above for themselves too. */
const firstListen = 15_101;

/** Gives every port of the mesh one of the relay's own, and the same for as long as the mesh lives: rules that are loaded stay right. */
export function createPortPlan(): { readonly plan: (captured: Iterable<number>, app: readonly number[]) => RelayPlan } {
  const listens = new Map<number, number>();
  return {
    plan: (captured, app) => {
      for (const port of captured) {
        if (isTcpPort(port) && !listens.has(port)) listens.set(port, firstListen + listens.size);
      }
      return { outbound: [...listens].map(([port, listen]) => ({ port, listen })), inbound: app };
    },
  };
}
