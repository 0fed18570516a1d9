/** What the relay of a container pod does, as JSON in a file of its folder: it reads it when it starts and at SIGHUP. */
export interface RelayPlan {
  /** Connections to `port` of any address of the mesh arrive at `listen`. */
  readonly outbound: readonly { readonly port: number; readonly listen: number }[];
  /** Ports of the program: each is reached by the socket `<port>.sock`. */
  readonly inbound: readonly number[];
}

/** Names in the folder that a pod shares with its sidecar. */
export const relayFiles = {
  outbound: "o.sock",
  inbound: (port: number): string => `${port}.sock`,
  plan: "relay.json",
  /** Is there once the relay serves its plan. */
  ready: "ready",
} as const;

export function isTcpPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65_536;
}

/** Our own daemon wrote it; a half-written or foreign file is none. */
export function readRelayPlan(text: string): RelayPlan | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isPlan(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isPlan(value: unknown): value is RelayPlan {
  if (typeof value !== "object" || value === null || !("outbound" in value) || !("inbound" in value)) return false;
  return Array.isArray(value.outbound) && Array.isArray(value.inbound);
}
