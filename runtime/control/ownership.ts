import type { Clock } from "../core/clock.ts";

/** Time for a client to connect as owner after the pipe to whoever started the mesh has ended, in milliseconds. */
export const handoverMs = 300;

/** Who keeps a mesh alive: first the process that started it, then the clients that own it; nobody once it is detached. */
export interface Ownership {
  /** An owner has come; call the result when it goes. */
  readonly join: () => () => void;
  readonly detach: () => void;
  /** The process that started the mesh has closed its pipe, or died. */
  readonly starterIsGone: () => void;
  /** The mesh is ready: one that was started to run on its own does so from now on. */
  readonly ready: () => void;
}

export function createOwnership(options: {
  readonly clock: Clock;
  readonly runsAlone: boolean;
  readonly onAbandoned: () => void;
}): Ownership {
  let owners = 0;
  /** A client has owned it: the starter does not count any more. */
  let handedOver = false;
  let detached = false;

  function endIfAbandoned(): void {
    if (owners === 0 && !detached) options.onAbandoned();
  }

  return {
    join: () => {
      owners++;
      handedOver = true;
      return () => {
        owners--;
        endIfAbandoned();
      };
    },
    detach: () => {
      detached = true;
    },
    starterIsGone: () => {
      if (handedOver || detached) return;
      options.clock.after(handoverMs, () => {
        if (!handedOver) endIfAbandoned();
      });
    },
    ready: () => {
      if (options.runsAlone) detached = true;
    },
  };
}
