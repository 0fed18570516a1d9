import type { Clock } from "../core/clock.ts";
import type { FromDataPlane, ToDataPlane } from "../model/dataplane.ts";
import type { MeshEvent } from "../model/event.ts";
import type { EventHub } from "./event-hub.ts";
import type { LineSink, Subscription } from "./subscribers.ts";

/** Details of traffic per second that the data plane may send; failures always come on top. */
const detailsPerSecond = 500;
const replayPatienceMs = 1_000;

export interface ObservationOptions {
  readonly clock: Clock;
  readonly hub: EventHub;
  /** False: nobody is there to hear it. */
  readonly send: (message: ToDataPlane) => boolean;
}

/** Asks the data plane for details exactly while somebody looks, and for what its ring holds when somebody comes. */
export interface Observation {
  readonly subscribe: (
    sink: LineSink,
    options: { readonly headers: boolean; readonly replay: boolean },
  ) => Promise<Subscription>;
  /** By id, `last-refusal` or `last-denial`. */
  readonly find: (id: string) => Promise<MeshEvent | undefined>;
  readonly hear: (message: Extract<FromDataPlane, { type: "events" | "replayed" }>) => void;
  /** A new data plane must be told. */
  readonly resend: () => void;
  readonly isObserved: () => boolean;
}

export function createObservation({ clock, hub, send }: ObservationOptions): Observation {
  const replays = new Map<number, () => void>();
  let tokens = 0;
  /** Subscribers that are about to join. */
  let joining = 0;
  let told = { perSecond: 0, headers: false };
  let observedSince = "";

  function tell(wantsHeaders = false): void {
    const perSecond = hub.subscribers.count() + joining > 0 ? detailsPerSecond : 0;
    const headers = perSecond > 0 && (wantsHeaders || hub.subscribers.wantsHeaders());
    if (perSecond === told.perSecond && headers === told.headers) return;
    if (told.perSecond === 0) observedSince = new Date(clock.now()).toISOString();
    told = { perSecond, headers };
    send({ type: "observe", ...told });
  }

  function replay(): Promise<void> {
    return new Promise((resolve) => {
      const token = ++tokens;
      const done = (): void => {
        cancel();
        replays.delete(token);
        resolve();
      };
      const cancel = clock.after(replayPatienceMs, done);
      replays.set(token, done);
      if (!send({ type: "replay", token })) done();
    });
  }

  return {
    subscribe: async (sink, { headers, replay: wantsPast }) => {
      if (wantsPast) {
        joining++;
        tell(headers);
        await replay();
        joining--;
      }
      const subscription = hub.subscribers.add(sink, {
        headers,
        state: hub.state(),
        past: wantsPast ? hub.ring.all() : [],
      });
      tell();
      return {
        drain: subscription.drain,
        close: () => {
          subscription.close();
          tell();
        },
      };
    },
    find: async (id) => {
      const last =
        id === "last-refusal" ? hub.ring.lastRefusal : id === "last-denial" ? hub.ring.lastDenial : undefined;
      const look = last ?? ((): MeshEvent | undefined => hub.ring.find(id));
      if (last === undefined) {
        const known = look();
        if (known !== undefined) return known;
      }
      await replay();
      return look();
    },
    hear: (message) => {
      if (message.type === "replayed") {
        replays.get(message.token)?.();
        return;
      }
      for (const event of message.events) {
        // What happened before anybody looked is history, also for those who look now.
        hub.take(event, told.perSecond === 0 || event.at < observedSince);
      }
      if (message.dropped > 0) hub.subscribers.reportLoss(message.dropped);
    },
    resend: () => {
      if (told.perSecond > 0) send({ type: "observe", ...told });
    },
    isObserved: () => told.perSecond > 0,
  };
}
