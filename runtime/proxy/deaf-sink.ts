import type { Clock } from "../core/clock.ts";
import type { RequestSink } from "./http-server.ts";

/** For requests that are answered already: the rest of them is of no interest. */
export const deafSink: RequestSink = {
  body: () => true,
  drained: () => undefined,
  gone: () => undefined,
  broken: () => undefined,
};

/** Holds a request back for a while (fault delay), its body too. `onGone`: the caller left meanwhile. */
export function delaySink(clock: Clock, ms: number, proceed: () => RequestSink, onGone: () => void): RequestSink {
  const waiting: { readonly bytes: Buffer; readonly done: boolean }[] = [];
  let sink: RequestSink | undefined;
  let over = false;
  const cancel = clock.after(ms, () => {
    if (over) return;
    sink = proceed();
    for (const { bytes, done } of waiting.splice(0)) sink.body(bytes, done);
  });
  return {
    body: (bytes, done) => {
      if (sink !== undefined) return sink.body(bytes, done);
      waiting.push({ bytes, done });
      return done;
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
