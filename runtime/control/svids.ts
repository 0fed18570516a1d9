import type { Clock } from "../core/clock.ts";
import type { ToDataPlane } from "../model/dataplane.ts";
import type { CertificateFacts } from "../model/event.ts";
import type { ProxyId } from "../model/snapshot.ts";

export interface IssuedSvid {
  readonly chain: string;
  readonly facts: CertificateFacts;
  /** When to ask for the next one, milliseconds since the epoch (spec ID-22). */
  readonly rotateAt: number;
}

export interface SvidOptions {
  readonly clock: Clock;
  /** SPIFFE id of a proxy that this mesh runs; undefined for any other name. */
  readonly identityOf: (proxy: ProxyId) => string | undefined;
  /** Throws when the request is not acceptable. */
  readonly sign: (csr: string, spiffe: string) => Promise<IssuedSvid>;
  readonly send: (message: ToDataPlane) => void;
  readonly onIssued: (proxy: ProxyId, issued: IssuedSvid, first: boolean) => void;
}

/** Certifies the keys of sidecars and asks for new ones in time. */
export interface Svids {
  readonly answer: (proxy: ProxyId, csr: string) => Promise<void>;
  readonly renew: (proxy: ProxyId) => void;
  /** Asks every proxy for a new key; resolves with those that had no new certificate within this time, in milliseconds. */
  readonly renewAll: (patienceMs: number) => Promise<readonly ProxyId[]>;
  /** A proxy is gone. */
  readonly forget: (proxy: ProxyId) => void;
  readonly close: () => void;
}

/** Longest delay that a timer takes, in milliseconds. */
const longestTimer = 2_000_000_000;

export function createSvids(options: SvidOptions): Svids {
  const { clock, send } = options;
  const timers = new Map<ProxyId, () => void>();
  const known = new Set<ProxyId>();
  /** Called when a proxy has been certified on a request of this round, or is gone. */
  const watchers = new Set<(proxy: ProxyId, round: number) => void>();
  let round = 0;
  let closed = false;

  function schedule(proxy: ProxyId, at: number): void {
    timers.get(proxy)?.();
    const wait = Math.max(0, at - clock.now());
    timers.set(
      proxy,
      clock.after(Math.min(wait, longestTimer), () => {
        if (wait > longestTimer) schedule(proxy, at);
        else send({ type: "svid.renew", proxy });
      }),
    );
  }

  return {
    answer: async (proxy, csr) => {
      const spiffe = options.identityOf(proxy);
      if (spiffe === undefined) {
        send({ type: "svid.refused", proxy, reason: "this mesh has no such proxy" });
        return;
      }
      const asked = round;
      let issued: IssuedSvid;
      try {
        // What the CSR asks for is ignored: the identity is what the mesh says (spec ID-16).
        issued = await options.sign(csr, spiffe);
      } catch (error) {
        send({ type: "svid.refused", proxy, reason: error instanceof Error ? error.message : String(error) });
        return;
      }
      // While it was signed, the proxy may have been removed or renamed to another identity.
      if (closed || options.identityOf(proxy) !== spiffe) return;
      send({ type: "svid", proxy, chain: issued.chain });
      const first = !known.has(proxy);
      known.add(proxy);
      schedule(proxy, issued.rotateAt);
      for (const watch of watchers) watch(proxy, asked);
      options.onIssued(proxy, issued, first);
    },
    renew: (proxy) => {
      send({ type: "svid.renew", proxy });
    },
    renewAll: (patienceMs) =>
      new Promise((resolve) => {
        const due = new Set(known);
        // A certificate that was asked for before does not count: the CA may have been another one.
        round += 1;
        const mine = round;
        const finish = (): void => {
          watchers.delete(watch);
          cancel();
          resolve([...due]);
        };
        const watch = (proxy: ProxyId, from: number): void => {
          if (from < mine) return;
          due.delete(proxy);
          if (due.size === 0) finish();
        };
        const cancel = clock.after(patienceMs, finish);
        watchers.add(watch);
        if (due.size === 0) finish();
        for (const proxy of due) send({ type: "svid.renew", proxy });
      }),
    forget: (proxy) => {
      timers.get(proxy)?.();
      timers.delete(proxy);
      known.delete(proxy);
      for (const watch of watchers) watch(proxy, round);
    },
    close: () => {
      closed = true;
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
}
