import type { Clock } from "../core/clock.ts";
import type { ResourceUsage } from "../model/state.ts";
import type { EventHub } from "./event-hub.ts";

const everyMs = 2_000;
const freshMs = 1_000;

/** Measures what programs use, while somebody looks or when somebody asks. */
export interface UsageMeter {
  readonly measure: () => void;
  readonly close: () => void;
}

export function createUsageMeter(
  clock: Clock,
  hub: EventHub,
  usage: () => Readonly<Record<string, ResourceUsage>>,
  isObserved: () => boolean,
): UsageMeter {
  let measuredAt = -Infinity;
  let cancel = clock.after(everyMs, tick);

  function measure(): void {
    if (clock.monotonic() - measuredAt < freshMs) return;
    measuredAt = clock.monotonic();
    const measured = usage();
    if (Object.keys(measured).length > 0) hub.tell({ type: "usage.measured", usage: measured });
  }

  function tick(): void {
    if (isObserved()) measure();
    cancel = clock.after(everyMs, tick);
  }

  return {
    measure,
    close: () => {
      cancel();
    },
  };
}
