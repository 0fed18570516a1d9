import type { MeshClient } from "../../runtime/control/client.ts";
import { monotonicNow } from "./verdicts.ts";

/** Hears, as any subscriber does, when generations are live on every proxy. */
export interface GenerationEar {
  /** The newest generation that is live everywhere; 0: none yet. */
  readonly newest: () => number;
  /** Resolves when a generation behind `number` is, with the moment at which that was heard (monotonic milliseconds). */
  readonly after: (number: number) => Promise<number>;
  readonly close: () => void;
}

/** @param onLoaded hears what each generation changed, as the mesh words it */
export function listenToGenerations(
  client: MeshClient,
  onLoaded: (generation: number, changes: readonly string[]) => void = () => undefined,
): GenerationEar {
  const stop = new AbortController();
  const waiting = new Set<{ readonly behind: number; readonly done: (at: number) => void }>();
  let newest = 0;
  let at = 0;

  function hear(generation: number): void {
    newest = generation;
    at = monotonicNow();
    for (const waiter of waiting) {
      if (newest <= waiter.behind) continue;
      waiting.delete(waiter);
      waiter.done(at);
    }
  }

  async function listen(): Promise<void> {
    for await (const line of client.events({ signal: stop.signal })) {
      if (line.type === "state" && line.state.generation.live === line.state.generation.total)
        hear(line.state.generation.number);
      else if (line.type === "snapshot.applied" && line.live === line.total) hear(line.generation);
      else if (line.type === "mesh.loaded") onLoaded(line.generation, line.changes);
    }
  }
  // The end of the mesh ends the stream.
  listen().catch(() => undefined);

  return {
    newest: () => newest,
    after: (behind) =>
      new Promise((resolve, reject) => {
        if (newest > behind) {
          resolve(at);
          return;
        }
        const late = setTimeout(() => {
          waiting.delete(waiter);
          reject(new Error(`no generation behind ${behind} was live within 30 s`));
        }, 30_000);
        const waiter = {
          behind,
          done: (heardAt: number): void => {
            clearTimeout(late);
            resolve(heardAt);
          },
        };
        waiting.add(waiter);
      }),
    close: () => {
      stop.abort();
    },
  };
}
