import type { Clock } from "../core/clock.ts";
import type { FromDataPlane, ResendOutcome, ToDataPlane } from "../model/dataplane.ts";

/** Longer than the data plane waits for an answer. */
const patienceMs = 35_000;

/** Asks the data plane to send requests again. */
export interface Resends {
  readonly resend: (id: string) => Promise<ResendOutcome>;
  readonly hear: (message: Extract<FromDataPlane, { type: "resent" }>) => void;
}

/** @param send says false when no data plane is there. */
export function createResends(clock: Clock, send: (message: ToDataPlane) => boolean): Resends {
  const waiting = new Map<number, (outcome: ResendOutcome) => void>();
  let tokens = 0;
  return {
    resend: (id) =>
      new Promise((resolve) => {
        const token = ++tokens;
        const done = (outcome: ResendOutcome): void => {
          cancel();
          waiting.delete(token);
          resolve(outcome);
        };
        const cancel = clock.after(patienceMs, () => {
          done({ ok: false, reason: "the data plane did not answer" });
        });
        waiting.set(token, done);
        if (!send({ type: "resend", token, id })) done({ ok: false, reason: "the data plane is being restarted" });
      }),
    hear: ({ token, outcome }) => {
      waiting.get(token)?.(outcome);
    },
  };
}
