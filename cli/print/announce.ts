import type { EventsDropped, MeshEvent, Party } from "../../runtime/model/event.ts";
import type { MeshState } from "../../runtime/model/state.ts";
import { isRow } from "./interesting.ts";
import { verdictOf } from "./verdict.ts";

/**
 * Chooses what a screen reader is told: each change of a verdict between two workloads once, and what happens to programs and files.
 * Numbers, program output and everything that is as it was before stay silent.
 */
export function createAnnouncer(): (event: MeshEvent | EventsDropped, state: MeshState | undefined) => boolean {
  const verdicts = new Map<string, string>();
  return (event, state) => {
    switch (event.type) {
      case "exchange.completed":
      case "connection.closed":
      case "handshake.failed": {
        if (!isRow(event, state)) return false;
        const what = event.type === "exchange.completed" ? `${event.method} ${event.path}` : event.type;
        const pair = `${nameOf(event.from)} ${nameOf(event.to)} ${what}`;
        const verdict = verdictOf(event);
        const isNews = verdicts.get(pair) !== verdict;
        if (verdicts.size >= mostPairs) verdicts.clear();
        verdicts.set(pair, verdict);
        return isNews;
      }
      case "workload.changed":
      case "mesh.loaded":
      case "mesh.rejected":
      case "problems.changed":
      case "snapshot.applied":
      case "save.compared":
      case "listener.failed":
      case "bypass.seen":
      case "dataplane.lost":
        return true;
      default:
        return false;
    }
  };
}

/** More than that are paths that hardly repeat. */
const mostPairs = 10_000;

function nameOf({ workload, address }: Party): string {
  return workload ?? address.replace(/:\d+$/, "");
}
