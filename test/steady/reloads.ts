import { percentile } from "../bench/figure.ts";
import { until } from "../e2e/support/project.ts";
import { listenToGenerations } from "./generations.ts";
import { startSteadyMesh, type SteadyMesh } from "./mesh.ts";
import { judge, monotonicNow, type Judgement } from "./verdicts.ts";

export interface ReloadResult {
  readonly edits: number;
  readonly seconds: number;
  /** Milliseconds from just before the file was touched to the report that its generation is live everywhere. */
  readonly liveMs: { readonly median: number; readonly p99: number; readonly worst: number };
  readonly calls: Readonly<Record<Judgement, number>>;
  /** The first few that were lost or wrong, as the caller recorded them. */
  readonly faults: readonly string[];
  /** Generations that changed anything but the rules of the one policy: none of the edits meant that. */
  readonly surprises: readonly string[];
}

const meant = "AuthorizationPolicy default/bits changed";

/**
 * Edits the policy again and again, each time as soon as the last edit was reported live, while callers call; every verdict is held
 * against what was in force when its request began and ended.
 */
export async function reloads(count: number, onProgress: (text: string) => void): Promise<ReloadResult> {
  await using mesh = await startSteadyMesh({ callers: ["bits"], pauseMs: 5 });
  const verdicts = createVerdictBook(mesh);
  const surprises: string[] = [];
  const generations = listenToGenerations(mesh.client, (generation, changes) => {
    if (changes.join("") !== meant)
      surprises.push(`generation ${generation} at ${monotonicNow().toFixed(3)}: ${changes.join(", ")}`);
  });
  await generations.after(0);
  await verdicts.more(50);
  const begun = performance.now();
  for (let edit = 1; edit <= count; edit += 1) {
    const before = generations.newest();
    const mine = mesh.edit();
    mine.live = await generations.after(before);
    if (edit % 500 !== 0) continue;
    verdicts.collect();
    onProgress(`${edit} of ${count} edits, calls ${JSON.stringify(verdicts.calls)}`);
  }
  const seconds = (performance.now() - begun) / 1000;
  // What was begun under the last edit is recorded a moment later.
  await verdicts.more(50);
  generations.close();
  const took = mesh.timeline.slice(1).map(({ begun: from, live }) => (live ?? Number.NaN) - from);
  return {
    edits: mesh.timeline.length - 1,
    seconds,
    liveMs: { median: percentile(took, 0.5), p99: percentile(took, 0.99), worst: Math.max(...took) },
    calls: verdicts.calls,
    faults: verdicts.faults,
    surprises,
  };
}

export interface VerdictBook {
  readonly calls: Readonly<Record<Judgement, number>>;
  readonly faults: readonly string[];
  /** Judges what was recorded since the last time. */
  readonly collect: () => void;
  /** Waits until `count` calls more were judged. */
  readonly more: (count: number) => Promise<void>;
}

export function createVerdictBook(mesh: Pick<SteadyMesh, "bitCalls" | "timeline">): VerdictBook {
  const calls: Record<Judgement, number> = { right: 0, either: 0, wrong: 0, lost: 0 };
  const faults: string[] = [];
  const sum = (): number => Object.values(calls).reduce((a, b) => a + b, 0);

  function collect(): void {
    for (const { call, line } of mesh.bitCalls()) {
      const judgement = judge(call, mesh.timeline);
      calls[judgement] += 1;
      if ((judgement === "wrong" || judgement === "lost") && faults.length < 10) faults.push(`${judgement}: ${line}`);
    }
  }

  return {
    calls,
    faults,
    collect,
    more: async (count) => {
      const target = sum() + count;
      await until("more calls", () => {
        collect();
        return sum() >= target ? true : undefined;
      });
    },
  };
}
