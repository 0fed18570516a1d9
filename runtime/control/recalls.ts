import type { Clock } from "../core/clock.ts";
import type { FromDataPlane, ToDataPlane } from "../model/dataplane.ts";
import type { RecalledCalls, RecalledPiece } from "../model/recalled.ts";

/** A busy data plane tells a thousand calls in a tenth of a second. */
const patienceMs = 5_000;

/** Asks the data plane for the last calls that came in. */
export interface Recalls {
  /** Newest first; none when no data plane answers. */
  readonly recall: (limit: number) => Promise<RecalledCalls>;
  readonly hear: (message: Extract<FromDataPlane, { type: "recalled" }>) => void;
}

/** @param send says false when no data plane is there. */
export function createRecalls(clock: Clock, send: (message: ToDataPlane) => boolean): Recalls {
  const waiting = new Map<number, { readonly pieces: RecalledPiece[]; readonly done: () => void }>();
  let tokens = 0;
  return {
    recall: (limit) =>
      new Promise((resolve) => {
        const token = ++tokens;
        const pieces: RecalledPiece[] = [];
        const done = (): void => {
          cancel();
          waiting.delete(token);
          resolve({
            calls: pieces.flatMap(({ calls }) => calls),
            connections: pieces.flatMap(({ connections }) => connections),
            departures: pieces.flatMap(({ departures }) => departures),
          });
        };
        const cancel = clock.after(patienceMs, done);
        waiting.set(token, { pieces, done });
        if (!send({ type: "recall", token, limit })) done();
      }),
    hear: ({ token, piece, done }) => {
      const asked = waiting.get(token);
      asked?.pieces.push(piece);
      if (done) asked?.done();
    },
  };
}
