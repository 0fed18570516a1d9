import type { Clock } from "../core/clock.ts";
import type { MeshEvent, StreamedEvent } from "../model/event.ts";

export interface LoggedLine {
  readonly workload: string;
  readonly line: string;
}

/** What was heard of each marker while a probe runs. */
export interface Ear {
  /** Lines of the callee's programs in which the marker stands, oldest first. */
  readonly lines: (marker: string) => readonly LoggedLine[];
  /** Event in which a sidecar of the callee let the marker's request pass. */
  readonly passed: (marker: string) => string | undefined;
  /** Resolves when the marker is in a line, or after `ms`. */
  readonly wait: (marker: string, ms: number) => Promise<boolean>;
  readonly lost: () => number;
  readonly hear: (event: StreamedEvent) => void;
}

/** @param pattern finds markers, global */
export function createEar(members: ReadonlySet<string>, pattern: RegExp, clock: Clock): Ear {
  const lines = new Map<string, LoggedLine[]>();
  const passed = new Map<string, string>();
  const waiting = new Map<string, () => void>();
  let lost = 0;

  function markersIn(text: string): readonly string[] {
    return [...new Set(text.match(pattern))];
  }

  function hearLine({ workload, line }: LoggedLine): void {
    for (const marker of markersIn(line)) {
      const known = lines.get(marker);
      if (known === undefined) lines.set(marker, [{ workload, line }]);
      else known.push({ workload, line });
      waiting.get(marker)?.();
    }
  }

  function hearExchange(event: Extract<MeshEvent, { type: "exchange.completed" }>): void {
    if (event.side !== "inbound" || event.decision?.verdict === "deny" || event.decision === null) return;
    for (const marker of markersIn(`${event.path} ${event.requestId ?? ""}`)) passed.set(marker, event.id);
  }

  return {
    lines: (marker) => lines.get(marker) ?? [],
    passed: (marker) => passed.get(marker),
    wait: (marker, ms) =>
      new Promise((resolve) => {
        if (lines.has(marker)) {
          resolve(true);
          return;
        }
        const cancel = clock.after(ms, () => {
          waiting.delete(marker);
          resolve(false);
        });
        waiting.set(marker, () => {
          cancel();
          waiting.delete(marker);
          resolve(true);
        });
      }),
    lost: () => lost,
    hear: (event) => {
      if (event.type === "events.dropped") lost += event.count;
      else if (event.type === "workload.logged" && members.has(event.workload)) hearLine(event);
      else if (event.type === "exchange.completed" && members.has(event.proxy)) hearExchange(event);
    },
  };
}
