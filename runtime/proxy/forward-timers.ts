import type { Clock } from "../core/clock.ts";
import type { Timeouts } from "../traffic/timeout.ts";

/** The two clocks of a request: one over all its tries, one over each (spec traffic 2.8). Both begin when the request is complete. */
export interface ForwardTimers {
  readonly startRoute: () => void;
  /** Begins anew for each try. */
  readonly startTry: () => void;
  readonly stopTry: () => void;
  readonly stop: () => void;
}

/** Whose time it is. */
export interface TimeoutOwner {
  readonly onRouteTimeout: () => void;
  readonly onTryTimeout: () => void;
}

export function createForwardTimers(clock: Clock, { routeMs, perTryMs }: Timeouts, owner: TimeoutOwner): ForwardTimers {
  const onRoute = (): void => {
    owner.onRouteTimeout();
  };
  const onTry = (): void => {
    owner.onTryTimeout();
  };
  let route: (() => void) | undefined;
  let attempt: (() => void) | undefined;

  function stopTry(): void {
    attempt?.();
    attempt = undefined;
  }

  return {
    startRoute: () => {
      if (routeMs !== undefined && route === undefined) route = clock.after(routeMs, onRoute);
    },
    startTry: () => {
      if (perTryMs === undefined) return;
      stopTry();
      attempt = clock.after(perTryMs, onTry);
    },
    stopTry,
    stop: () => {
      stopTry();
      route?.();
      route = undefined;
    },
  };
}

function nothing(): void {
  // There is no clock to start or stop.
}

/** Most requests have no limits. */
export const noTimers: ForwardTimers = { startRoute: nothing, startTry: nothing, stopTry: nothing, stop: nothing };
