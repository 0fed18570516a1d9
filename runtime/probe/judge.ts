import type { Attempt, Marks } from "./attempt.ts";
import type { Ear } from "./ear.ts";
import { judgeLine, type Sought } from "./evidence.ts";
import type { Outcome, ProbeFinding } from "./report.ts";
import type { Answer } from "./send.ts";
import type { Target } from "./targets.ts";
import type { WayIn } from "./ways-in.ts";

/** An attempt that was made. */
export interface Made {
  readonly way: WayIn;
  readonly target: Target;
  readonly marks: Marks;
  readonly attempt: Attempt;
  /** A path that is open to this caller. */
  readonly open: string;
  readonly answer: Answer;
}

export interface Judged {
  readonly outcome: Outcome;
  readonly log: ProbeFinding["log"];
  readonly seen: string | null;
  readonly event: string | null;
}

/** What came of an attempt, from what the application logged; with `echo` also from what it answered. */
export function judge({ marks, target, attempt, answer, way, open }: Made, ear: Ear, echo: boolean): Judged {
  const sought: Sought = {
    ...marks,
    method: target.method,
    path: target.path,
    sent: attempt.method,
    carriers: attempt.carriers,
    open,
  };
  const event = ear.passed(marks.marker) ?? null;
  const logged = ear.lines(marks.marker).map((each) => ({ ...each, source: "log" as const }));
  const lines = echo ? answer.body.split(/\r?\n/) : [];
  const echoed = lines.map((line) => ({ workload: way.to, source: "answer" as const, line }));
  let other: Judged | undefined;
  let isOpen = false;
  for (const log of [...logged, ...echoed]) {
    const verdict = judgeLine(log.line, sought);
    if (verdict?.kind === "resource") return { outcome: "hit", log, seen: null, event };
    if (verdict?.kind === "open") isOpen = true;
    if (verdict?.kind === "other") other ??= { outcome: "reached", log, seen: verdict.seen, event };
  }
  if (isOpen) return { outcome: "allowed", log: null, seen: null, event };
  if (other !== undefined) return other;
  const isPassed = event !== null || (way.way === "application" && answer.statuses.some((status) => status < 400));
  return { outcome: isPassed ? "unverified" : "refused", log: null, seen: null, event };
}

/** As a row of the report; undefined: nothing came of it. */
export function findingOf(made: Made, judged: Judged): ProbeFinding | undefined {
  const { outcome } = judged;
  if (outcome === "refused" || outcome === "allowed") return undefined;
  const { way, target, attempt, marks, answer } = made;
  return {
    outcome,
    caller: way.caller,
    way: way.way,
    to: way.to,
    target,
    technique: attempt.technique,
    name: attempt.name,
    request: attempt.shown,
    marker: marks.marker,
    status: answer.statuses.at(-1) ?? null,
    log: judged.log,
    seen: judged.seen,
    event: judged.event,
  };
}
