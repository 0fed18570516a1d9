import type { Clock } from "../core/clock.ts";
import type { ProxyId } from "../model/snapshot.ts";

/** Silence after which a proxy counts as waiting, in milliseconds. */
const ackPatienceMs = 2_000;

export interface GenerationReport {
  readonly generation: number;
  readonly live: number;
  readonly total: number;
  /** Milliseconds from the change to the last ACK; null for the first generation and while some still wait. */
  readonly ms: number | null;
  readonly waiting: readonly ProxyId[];
  /** What a proxy said when it refused. */
  readonly refusals: ReadonlyMap<ProxyId, string>;
}

/** Who has acknowledged what. */
export interface Generations {
  /** A generation begins: `pushed` were sent a snapshot, all others of `proxies` hold what they need already. */
  readonly begin: (change: {
    readonly generation: number;
    readonly since: number | undefined;
    readonly proxies: readonly ProxyId[];
    readonly pushed: readonly ProxyId[];
  }) => void;
  /** More was sent under the current generation (endpoints, a new data plane). */
  readonly push: (proxies: readonly ProxyId[], pushed: readonly ProxyId[]) => void;
  readonly ack: (proxy: ProxyId, generation: number) => void;
  readonly nack: (proxy: ProxyId, generation: number, reason: string) => void;
  /** Whether every proxy holds what it was sent last. */
  readonly isLive: () => boolean;
  /** Resolves the next time that every proxy does. */
  readonly whenLive: () => Promise<void>;
  readonly close: () => void;
}

type Standing =
  | { readonly kind: "live" }
  | { readonly kind: "sent"; readonly generation: number }
  | { readonly kind: "refused"; readonly reason: string };

export function createGenerations(clock: Clock, onReport: (report: GenerationReport) => void): Generations {
  let standing = new Map<ProxyId, Standing>();
  let current = 0;
  let since: number | undefined;
  /** A report is due for this generation: everything live for the first time, or somebody who was named as waiting has come. */
  let due = false;
  let cancelPatience = (): void => undefined;
  const waiters: (() => void)[] = [];

  const isLive = (): boolean => standing.values().every((each) => each.kind === "live");

  function send(proxies: readonly ProxyId[], pushed: readonly ProxyId[]): void {
    const sent = new Set(pushed);
    standing = new Map(
      proxies.map((proxy): [ProxyId, Standing] => [
        proxy,
        sent.has(proxy)
          ? { kind: "sent", generation: current }
          : (standing.get(proxy) ?? { kind: "sent", generation: current }),
      ]),
    );
    cancelPatience();
    if (!isLive()) cancelPatience = clock.after(ackPatienceMs, loseWhoIsSilent);
    reportIfLive();
  }

  function loseWhoIsSilent(): void {
    if (isLive()) return;
    due = true;
    report();
  }

  function reportIfLive(): void {
    if (!isLive()) return;
    cancelPatience();
    for (const wake of waiters.splice(0)) wake();
    if (!due) return;
    due = false;
    report();
    since = undefined;
  }

  function report(): void {
    const waiting = [...standing].filter(([, each]) => each.kind !== "live").map(([proxy]) => proxy);
    const refusals = new Map<ProxyId, string>();
    for (const [proxy, each] of standing) if (each.kind === "refused") refusals.set(proxy, each.reason);
    onReport({
      generation: current,
      live: standing.size - waiting.length,
      total: standing.size,
      ms: waiting.length > 0 || since === undefined ? null : clock.monotonic() - since,
      waiting,
      refusals,
    });
  }

  return {
    begin: (change) => {
      current = change.generation;
      since = change.since;
      due = true;
      send(change.proxies, change.pushed);
    },
    push: (proxies, pushed) => {
      const changed = proxies.length !== standing.size || proxies.some((proxy) => !standing.has(proxy));
      if (changed) due = true;
      send(proxies, pushed);
    },
    ack: (proxy, generation) => {
      const own = standing.get(proxy);
      // An answer to an earlier generation says nothing about what was sent since.
      if (own === undefined || own.kind === "live" || (own.kind === "sent" && generation < own.generation)) return;
      standing.set(proxy, { kind: "live" });
      reportIfLive();
    },
    nack: (proxy, generation, reason) => {
      const own = standing.get(proxy);
      if (own === undefined || (own.kind === "sent" && generation < own.generation)) return;
      standing.set(proxy, { kind: "refused", reason });
      due = true;
      // The others may need a moment more; those who refuse are named at once.
      report();
    },
    isLive,
    whenLive: () =>
      new Promise((resolve) => {
        if (isLive()) resolve();
        else waiters.push(resolve);
      }),
    close: () => {
      cancelPatience();
    },
  };
}
