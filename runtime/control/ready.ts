import type { Clock } from "../core/clock.ts";
import { MeshError } from "../core/error.ts";
import type { MeshState } from "../model/state.ts";
import type { StartOutcome } from "../workload/supervisor.ts";
import type { Generations } from "./generations.ts";

/** How long a start waits for sidecars once all programs are ready. */
const livePatienceMs = 5_000;

export interface ReadyOptions {
  readonly clock: Clock;
  /** How the start of the programs came out. */
  readonly settled: () => Promise<StartOutcome>;
  readonly generations: Pick<Generations, "isLive" | "whenLive">;
  readonly state: () => MeshState;
}

/** Resolves when every program is ready and every sidecar has what it was sent. Throws MD4001, MD4002, MD4003 or MD7008. */
export async function waitUntilReady({ clock, settled, generations, state }: ReadyOptions): Promise<void> {
  const outcome = await settled();
  if (outcome.kind === "timeout") {
    throw new MeshError("MD4002", `${outcome.workload} is not ready: ${outcome.reason}`, {
      hint: "check that it listens on the port that it declares",
    });
  }
  if (outcome.kind === "failed") {
    const code = outcome.reason.startsWith("it ended") ? "MD4003" : "MD4001";
    throw new MeshError(code, `${outcome.workload} did not start: ${outcome.reason}`, {
      hint: "`run`, `cwd` and the program's own log say more",
    });
  }
  const late = new Promise<void>((resolve) => {
    clock.after(livePatienceMs, resolve);
  });
  await Promise.race([generations.whenLive(), late]);
  if (generations.isLive()) return;
  const problems = state().problems.filter((problem) => problem.severity === "error");
  throw new MeshError("MD7008", problems[0]?.message ?? "not every sidecar has applied the configuration", {
    problems,
  });
}
