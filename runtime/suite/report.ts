import type { SourcePosition } from "../core/source.ts";
import type { PredictedCall } from "../predict/call.ts";
import { type Expectation } from "./case.ts";
import { contradictions, deciderText } from "./judge.ts";
import type { Outcome } from "./outcome.ts";
import type { AskedCase } from "./run.ts";

/** Who is asked: the engine on paper, real sidecars, or both. */
export type TestEngine = "offline" | "live" | "both";

/** One case and what came of it. */
export interface CaseReport {
  readonly name: string;
  readonly at: SourcePosition;
  readonly call: PredictedCall;
  readonly expected: Expectation;
  /** Null: it was not asked this way. */
  readonly offline: Outcome | null;
  readonly live: Outcome | null;
  /** What contradicts the expectation; empty: it passed. */
  readonly failures: readonly string[];
  /** Why real sidecars were not asked; null: they were, or nobody wanted it. */
  readonly skipped: string | null;
  /** How the two contradict each other: a fault of meshdev. */
  readonly disagreement: string | null;
}

export interface TestCounts {
  readonly cases: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly disagreements: number;
}

/** `live` undefined: nobody wanted it. */
export function reportCase(
  { test, outcome, failures }: AskedCase,
  engine: TestEngine,
  live: LiveOutcome | undefined,
): CaseReport {
  const { name, at, call, expected } = test;
  const common = { name, at, call, expected };
  const offline = engine === "live" ? null : outcome;
  const ownFailures = engine === "live" ? [] : failures;
  if (live === undefined)
    return { ...common, offline, live: null, failures: ownFailures, skipped: null, disagreement: null };
  if ("skipped" in live)
    return { ...common, offline, live: null, failures: ownFailures, skipped: live.skipped, disagreement: null };
  const found = contradictions(expected, live).map((text) => (engine === "both" ? `live: ${text}` : text));
  return {
    ...common,
    offline,
    live,
    failures: [...ownFailures, ...found],
    skipped: null,
    disagreement: engine === "both" ? disagreementOf(outcome, live) : null,
  };
}

export type LiveOutcome = Outcome | { readonly skipped: string };

/** What a program does not answer says nothing about the engine; all else must be the same. */
function disagreementOf(offline: Outcome, live: Outcome): string | null {
  if (live.verdict === "unreachable" && offline.verdict === "allow") return null;
  if (offline.verdict !== "depends" && offline.verdict !== live.verdict)
    return `offline ${offline.verdict} (${offline.summary}), live ${live.verdict} (${live.summary})`;
  if (offline.verdict === "depends" || offline.verdict === "unreachable") return null;
  const names = [offline, live].map(({ by }) => (by === null ? "no policy" : deciderText(by)));
  if (names[0] !== names[1]) return `offline by ${names[0] ?? ""}, live by ${names[1] ?? ""}`;
  if (offline.status !== null && live.status !== null && offline.status !== live.status)
    return `offline status ${offline.status}, live ${live.status}`;
  return null;
}

export function countCases(reports: readonly CaseReport[]): TestCounts {
  const failed = reports.filter(({ failures }) => failures.length > 0).length;
  const skipped = reports.filter(
    ({ failures, offline, live }) => failures.length === 0 && offline === null && live === null,
  ).length;
  return {
    cases: reports.length,
    passed: reports.length - failed - skipped,
    failed,
    skipped,
    disagreements: reports.filter(({ disagreement }) => disagreement !== null).length,
  };
}
