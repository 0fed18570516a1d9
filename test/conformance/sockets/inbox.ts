import type { FromDataPlane } from "../../../runtime/model/dataplane.ts";
import type { MeshEvent } from "../../../runtime/model/event.ts";

/** What the data plane told, and who waits for it. */
export interface Inbox {
  readonly put: (message: FromDataPlane) => void;
  /** Something changed that somebody may wait for. */
  readonly stir: () => void;
  readonly hasPong: (token: number) => boolean;
  readonly takeEvents: () => readonly MeshEvent[];
  /** Waits for a condition; throws with `what` when patience ends. */
  readonly until: (isSo: () => boolean, patienceMs: number, what: () => string) => Promise<void>;
}

export function createInbox(): Inbox {
  let events: MeshEvent[] = [];
  let lastPong = 0;
  const waiting = new Set<() => void>();

  function stir(): void {
    for (const look of waiting) look();
  }

  return {
    put: (message) => {
      if (message.type === "events") {
        if (message.dropped > 0) throw new Error(`${message.dropped} events were dropped`);
        events.push(...message.events);
      }
      // The link's own heartbeat counts upwards, ours downwards.
      if (message.type === "pong" && message.token < 0) lastPong = message.token;
      stir();
    },
    stir,
    hasPong: (token) => lastPong <= token,
    takeEvents: () => {
      const taken = events;
      events = [];
      return taken;
    },
    until: (isSo, patienceMs, what) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!isSo()) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve();
        };
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`nothing came of it in ${patienceMs} ms: ${what()}`));
        }, patienceMs);
        waiting.add(look);
        look();
      }),
  };
}
