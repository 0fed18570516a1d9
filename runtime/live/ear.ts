import type { StateLine } from "../control/client.ts";
import type { ConnectionEvent, ExchangeEvent, HandshakeEvent, StreamedEvent } from "../model/event.ts";

/** Events that tell what became of a call. */
export type Told = ConnectionEvent | ExchangeEvent | HandshakeEvent;

/** Listens to a mesh on behalf of many calls. */
export interface Ear {
  /** Resolves when the first line has come: from then on nothing is missed. */
  readonly begun: Promise<void>;
  /** Resolves with what `look` makes of all that was told since `from`, as soon as it makes something of it, or after `ms`. */
  readonly wait: <T>(
    from: number,
    look: (told: readonly Told[]) => T | undefined,
    ms: number,
  ) => Promise<T | undefined>;
  /** How much has been told so far. */
  readonly mark: () => number;
  readonly close: () => void;
}

export function createEar(events: (signal: AbortSignal) => AsyncIterable<StateLine | StreamedEvent>): Ear {
  const stop = new AbortController();
  const told: Told[] = [];
  const waiting = new Set<() => void>();
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const read = async (): Promise<void> => {
    for await (const line of events(stop.signal)) {
      begin();
      if (!isTold(line)) continue;
      told.push(line);
      for (const look of waiting) look();
    }
  };
  // A mesh that ends tells nothing more; who waits finds out by waiting.
  void read().then(begin, begin);
  return {
    begun,
    mark: () => told.length,
    wait: (from, look, ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting.delete(attempt);
          resolve(undefined);
        }, ms);
        const attempt = (): void => {
          const found = look(told.slice(from));
          if (found === undefined) return;
          clearTimeout(timer);
          waiting.delete(attempt);
          resolve(found);
        };
        waiting.add(attempt);
        attempt();
      }),
    close: () => {
      stop.abort();
    },
  };
}

function isTold(line: StateLine | StreamedEvent): line is Told & StreamedEvent {
  return (
    line.type === "exchange.completed" ||
    line.type === "connection.closed" ||
    line.type === "handshake.failed" ||
    line.type === "handshake.completed"
  );
}
