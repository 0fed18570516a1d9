import type { OutboundListener, OutboundSection } from "../model/snapshot.ts";

/** The listener that all HTTP services of a port share. */
export const wildcardAddress = "0.0.0.0";

export const passthroughCluster = "PassthroughCluster";
export const blackHoleCluster = "BlackHoleCluster";

/** A listener on the dialled address wins over the one that all HTTP services of the port share; undefined: no service listens there. */
export function bindListeners(
  outbound: Pick<OutboundSection, "listeners">,
): (address: string, port: number) => OutboundListener | undefined {
  const byPort = new Map<number, Map<string, OutboundListener>>();
  for (const listener of outbound.listeners) {
    const byAddress = byPort.get(listener.port) ?? new Map<string, OutboundListener>();
    if (!byAddress.has(listener.address)) byAddress.set(listener.address, listener);
    byPort.set(listener.port, byAddress);
  }
  return (address, port) => {
    const byAddress = byPort.get(port);
    return byAddress?.get(address) ?? byAddress?.get(wildcardAddress);
  };
}

/** `bindListeners` for one question; bind once where many are asked. */
export function selectListener(
  outbound: Pick<OutboundSection, "listeners">,
  address: string,
  port: number,
): OutboundListener | undefined {
  return bindListeners(outbound)(address, port);
}

/** Where bytes go that are not HTTP, or that no listener claims (spec traffic 1.1.6, 1.5.7). */
export function fallbackCluster(
  outbound: Pick<OutboundSection, "mode">,
  listener: OutboundListener | undefined,
): string {
  return listener?.fallback ?? (outbound.mode === "ALLOW_ANY" ? passthroughCluster : blackHoleCluster);
}
