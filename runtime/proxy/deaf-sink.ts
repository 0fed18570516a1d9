import type { Clock } from "../core/clock.ts";
import type { RequestSink } from "./exchange.ts";
import type { Piece } from "./piece.ts";

/** For requests that are answered already: the rest of them is of no interest. */
export const deafSink: RequestSink = {
  body: () => true,
  drained: () => undefined,
  gone: () => undefined,
  broken: () => undefined,
};

/** Holds a request back for a while (fault delay), its body too. `onGone`: the caller left meanwhile. */
export function delaySink(clock: Clock, ms: number, proceed: () => RequestSink, onGone: () => void): RequestSink {
  const waiting: Piece[] = [];
  let sink: RequestSink | undefined;
  let over = false;
  const cancel = clock.after(ms, () => {
    if (over) return;
    sink = proceed();
    for (const piece of waiting.splice(0)) sink.body(piece);
  });
  return {
    body: (piece) => {
      if (sink !== undefined) return sink.body(piece);
      waiting.push(piece);
      return piece.part.done;
    },
    drained: () => sink?.drained(),
    gone: () => {
      over = true;
      cancel();
      if (sink === undefined) onGone();
      else sink.gone();
    },
    broken: (error) => sink?.broken(error),
  };
}
