import { assertNever } from "../core/assert-never.ts";
import type { FromDataPlane, ToDataPlane } from "../model/dataplane.ts";
import type { Bundle } from "./ca-rotation.ts";
import type { DataPlaneHandlers } from "./data-plane-link.ts";
import type { EventHub } from "./event-hub.ts";
import type { MeshLoop } from "./mesh-loop.ts";
import type { Observation } from "./observation.ts";
import type { Plane } from "./plane.ts";
import type { ProxyReadiness } from "./proxy-readiness.ts";
import type { Recalls } from "./recalls.ts";
import type { Resends } from "./resends.ts";
import type { Svids } from "./svids.ts";
import { createListenerProblems } from "./listener-problems.ts";
import { createTrafficTotals } from "./traffic-totals.ts";

export interface EarOptions {
  readonly hub: EventHub;
  readonly plane: Plane;
  readonly svids: Svids;
  readonly proxies: ProxyReadiness;
  readonly observation: Observation;
  readonly resends: Pick<Resends, "hear">;
  readonly recalls: Pick<Recalls, "hear">;
  readonly loop: Pick<MeshLoop, "setProblems">;
  readonly bundle: () => Bundle;
  /** A new data plane knows nothing: what else it must be told. */
  readonly onFresh: () => void;
  readonly send: (message: ToDataPlane) => void;
  readonly onLost: (pid: number, reason: string) => void;
}

/** Takes each message of the data plane to whom it concerns, and tells a new one all that it must know. */
export function createDataPlaneEar(options: EarOptions): DataPlaneHandlers {
  const { hub, plane, svids, proxies, observation, loop, send } = options;
  const totals = createTrafficTotals();
  const listeners = createListenerProblems();

  function hear(message: FromDataPlane): void {
    switch (message.type) {
      case "csr":
        void svids.answer(message.proxy, message.csr);
        return;
      case "ack":
        plane.generations.ack(message.proxy, message.generation);
        return;
      case "nack":
        plane.generations.nack(message.proxy, message.generation, message.reason);
        return;
      case "ready":
        proxies.arrive(message.proxy);
        return;
      case "counts":
        hub.tell({ type: "traffic.counted", counts: totals.update(message.counts) });
        return;
      case "events":
        observation.hear(message);
        for (const event of message.events) {
          const problems = listeners.hear(event);
          if (problems !== undefined) loop.setProblems("listeners", problems);
        }
        return;
      case "replayed":
        observation.hear(message);
        return;
      case "resent":
        options.resends.hear(message);
        return;
      case "recalled":
        options.recalls.hear(message);
        return;
      case "hello":
      case "pong":
        return;
      default:
        assertNever(message);
    }
  }

  return {
    onStarted: (pid) => {
      hub.tell({ type: "dataplane.started", pid, reason: null });
      loop.setProblems("data plane", []);
      send({ type: "bundle", ...options.bundle() });
      options.onFresh();
      observation.resend();
      plane.resend();
    },
    onLost: (pid, reason) => {
      options.onLost(pid, reason);
      totals.keep();
      proxies.reset();
      hub.tell({ type: "dataplane.lost", pid, reason });
      const hint = "it is being replaced; if this repeats, dataplane.log in the session folder says why";
      loop.setProblems("data plane", [
        { code: "MD7009", severity: "error", message: `the data plane ${reason}: no sidecar answers`, hint },
      ]);
    },
    onMessage: hear,
  };
}
