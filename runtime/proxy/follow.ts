import type { BoundInbound } from "../policy/bind-inbound.ts";
import type { Binding } from "./binding.ts";
import type { InboundConnection } from "./inbound-connection.ts";

/** How an open connection takes a new snapshot. */
export interface Follower {
  /** The snapshot that decides on the connection now. */
  readonly binding: () => Binding;
  readonly recheck: (next: Binding) => void;
  /** The connection is over. */
  readonly end: () => void;
}

export interface FollowHooks {
  /** The new snapshot rules at once. */
  readonly obey: (next: Binding) => void;
  /** The old one goes on for a while; HTTP says farewell with its next answer. */
  readonly drain: () => void;
  /** The while is over. */
  readonly cut: () => void;
}

/** `drainDuration`, milliseconds (spec traffic 8.4.3). */
export const drainMs = 45_000;

/**
 * Strict: every new snapshot rules over connections that are open. Istio: a filter chain that changed goes on deciding for the
 * connections that it took, and whatever is left of them is cut when the drain time is over (spec traffic 8.5.2, seen with Envoy 1.40).
 */
export function follow(connection: InboundConnection, hooks: FollowHooks): Follower {
  const { sidecar } = connection;
  if (sidecar.shared.drain === "strict") return { binding: sidecar.binding, recheck: hooks.obey, end: () => undefined };
  let current = connection.accepted;
  let cancel: (() => void) | undefined;
  return {
    binding: () => current,
    recheck: (next) => {
      if (cancel !== undefined) return;
      if (chainText(connection, current) === chainText(connection, next)) {
        current = next;
        return;
      }
      cancel = sidecar.shared.clock.after(drainMs, hooks.cut);
      hooks.drain();
    },
    end: () => cancel?.(),
  };
}

const texts = new WeakMap<BoundInbound, Map<string, string>>();

/** All that a connection's filter chain is made of. Most connections of a port share it, so it is written once per snapshot. */
function chainText({ port, chain }: InboundConnection, { inbound, snapshot }: Binding): string {
  const known = texts.get(inbound) ?? new Map<string, string>();
  texts.set(inbound, known);
  const key = `${port} ${chain.network} ${snapshot.hashes.trust}`;
  const text = known.get(key);
  if (text !== undefined) return text;
  const { http, tcp, jwt } = inbound.section;
  const filters = chain.network === "http" ? [http, jwt] : [tcp];
  const written = JSON.stringify([inbound.listener(port), filters, snapshot.trust], withoutPlaces);
  known.set(key, written);
  return written;
}

/** Where something is written changes with every line above it, and no chain. */
function withoutPlaces(_key: string, value: unknown): unknown {
  return typeof value === "object" && value !== null && "file" in value && "line" in value ? undefined : value;
}
