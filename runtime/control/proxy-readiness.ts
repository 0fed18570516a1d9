import type { Clock } from "../core/clock.ts";
import type { ProxyId } from "../model/snapshot.ts";

/** Knows which sidecars listen and have a certificate, and lets programs wait for theirs. */
export interface ProxyReadiness {
  readonly arrive: (proxy: ProxyId) => void;
  /** The data plane is gone, and with it everything it said. */
  readonly reset: () => void;
  /** Resolves when the sidecar is ready, or after `patienceMs`: a program must not wait for ever for a port that is taken. */
  readonly wait: (proxy: ProxyId, patienceMs: number) => Promise<boolean>;
}

export function createProxyReadiness(clock: Clock): ProxyReadiness {
  const ready = new Set<ProxyId>();
  const waiters = new Map<ProxyId, Set<() => void>>();
  return {
    arrive: (proxy) => {
      ready.add(proxy);
      const all = waiters.get(proxy);
      waiters.delete(proxy);
      for (const wake of all ?? []) wake();
    },
    reset: () => {
      ready.clear();
    },
    wait: (proxy, patienceMs) => {
      if (ready.has(proxy)) return Promise.resolve(true);
      return new Promise((resolve) => {
        const cancel = clock.after(patienceMs, () => {
          resolve(false);
        });
        const wake = (): void => {
          cancel();
          resolve(true);
        };
        const all = waiters.get(proxy) ?? new Set();
        all.add(wake);
        waiters.set(proxy, all);
      });
    },
  };
}
