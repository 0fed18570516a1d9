import type { EventsDropped, MeshEvent } from "../model/event.ts";
import type { MeshState } from "../model/state.ts";
import { isRefusal } from "../store/ring.ts";

/** How much may wait for one slow subscriber, in lines. Refusals have room long after everything else is dropped. */
export const queueLimits = { lines: 4_000, refusals: 20_000 } as const;

/** Where lines go; `write` says false when no more should come before `drain` is called. */
export interface LineSink {
  readonly write: (text: string) => boolean;
}

export interface Subscription {
  /** The sink can take more. */
  readonly drain: () => void;
  readonly close: () => void;
}

export interface Subscribers {
  /** Sends the state, then `past`, then everything that is published from now on. */
  readonly add: (
    sink: LineSink,
    options: { readonly headers: boolean; readonly state: MeshState; readonly past: readonly MeshEvent[] },
  ) => Subscription;
  readonly publish: (event: MeshEvent) => void;
  /** The data plane left out this many, by its rate limit or because it could not keep up. */
  readonly reportLoss: (count: number) => void;
  readonly count: () => number;
  readonly wantsHeaders: () => boolean;
}

interface Subscriber {
  readonly sink: LineSink;
  readonly headers: boolean;
  queue: QueuedLine[];
  /** The sink asked us to wait. */
  blocked: boolean;
  seq: number;
  dropped: number;
}

interface QueuedLine {
  readonly json: string;
  readonly refusal: boolean;
}

export function createSubscribers(): Subscribers {
  const all = new Set<Subscriber>();

  function offer(to: Subscriber, line: QueuedLine): void {
    if (to.queue.length >= (line.refusal ? queueLimits.refusals : queueLimits.lines)) {
      to.dropped++;
      return;
    }
    to.queue.push(line);
  }

  function flush(to: Subscriber): void {
    if (to.blocked || (to.queue.length === 0 && to.dropped === 0)) return;
    const lines = to.queue.map(({ json }) => stamped(to, json));
    to.queue = [];
    if (to.dropped > 0) {
      const loss: EventsDropped = { type: "events.dropped", count: to.dropped };
      to.dropped = 0;
      lines.push(stamped(to, JSON.stringify(loss)));
    }
    to.blocked = !to.sink.write(lines.join(""));
  }

  return {
    add: (sink, { headers, state, past }) => {
      const subscriber: Subscriber = { sink, headers, queue: [], blocked: false, seq: 1, dropped: 0 };
      const first = `${JSON.stringify({ type: "state", schemaVersion: 1, state, seq: 0 })}\n`;
      const history = past.map((event) =>
        stamped(subscriber, JSON.stringify({ ...forSubscriber(event, headers), replayed: true })),
      );
      subscriber.blocked = !sink.write(first + history.join(""));
      all.add(subscriber);
      return {
        drain: () => {
          subscriber.blocked = false;
          flush(subscriber);
        },
        close: () => {
          all.delete(subscriber);
        },
      };
    },
    publish: (event) => {
      if (all.size === 0) return;
      const refusal = isRefusal(event);
      let withHeaders: string | undefined;
      let without: string | undefined;
      for (const subscriber of all) {
        const json = subscriber.headers
          ? (withHeaders ??= JSON.stringify(event))
          : (without ??= JSON.stringify(forSubscriber(event, false)));
        offer(subscriber, { json, refusal });
        flush(subscriber);
      }
    },
    reportLoss: (count) => {
      for (const subscriber of all) {
        subscriber.dropped += count;
        flush(subscriber);
      }
    },
    count: () => all.size,
    wantsHeaders: () => all.values().some((subscriber) => subscriber.headers),
  };
}

/** Headers only for those who asked, even when somebody else did. */
function forSubscriber(event: MeshEvent, headers: boolean): MeshEvent {
  return headers || event.type !== "exchange.completed" || event.headers === null ? event : { ...event, headers: null };
}

function stamped(to: Subscriber, json: string): string {
  return `${json.slice(0, -1)},"seq":${to.seq++}}\n`;
}
